"""`ops deploy`: what turns red is taken back, and what was red before is not taken for the new version's."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ops.change import up
from ops.deploy.deployment import Acts, Deployment, deploy
from ops.deploy.history import commit_of, has_update, names_update
from ops.deploy.put_back import put_back
from ops.deploy.summary import write_summary
from ops.errors import OpsError
from ops.verify.finding import Finding, failed, well
from tests.ops.cli_stack import make_stack
from workspace.engine import ignore
from workspace.errors import WorkspaceError
from workspace.stack import Stack

BEFORE, NOW = "b" * 40, "a" * 40
HEALTHY = well("AWS health", "9 ms")
SICK = failed("AWS health", "502", cause="it fails as it starts", remedy="pulumi up")
OLD_SORROW = failed(
    "alarm e-mail", "not confirmed", cause="nobody clicked", remedy="look for the mail"
)


@dataclass
class Scene:
    """`looks` are what `verify` finds or raises, one after the other; the last one goes on."""

    looks: list[Sequence[Finding] | Exception]
    commit: str | None = BEFORE
    up_fails: bool = False
    up_begins: bool = True
    put_back_fails: bool = False
    done: list[str] = field(default_factory=list[str])

    def run(self) -> Deployment:
        return deploy(
            Acts(
                deployed_commit=lambda: self.commit,
                verify=self._verify,
                up=self._up,
                has_begun=lambda: self.up_begins,
                put_back=self._put_back,
            )
        )

    def _verify(self) -> Sequence[Finding]:
        self.done.append("verify")
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Exception):
            raise look
        return look

    def _up(self) -> None:
        self.done.append("up")
        if self.up_fails:
            raise OpsError("the up failed")

    def _put_back(self, commit: str) -> None:
        self.done.append(f"put back {commit[0]}")
        if self.put_back_fails:
            raise OpsError("no such commit")


def test_version_that_is_well_stays() -> None:
    scene = Scene([[HEALTHY]])

    done = scene.run()

    assert (done.end, done.is_well) == ("deployed", True)
    assert scene.done == ["verify", "up", "verify"]


def test_version_that_turns_a_check_red_is_taken_back_after_a_second_look() -> None:
    scene = Scene([[HEALTHY], [SICK], [SICK], [HEALTHY]])

    done = scene.run()

    assert (done.end, done.is_well, done.commit) == ("put back", False, BEFORE)
    assert done.reason == "it made red: AWS health"
    assert done.findings == [HEALTHY]
    assert scene.done == ["verify", "up", "verify", "verify", "put back b", "verify"]


def test_version_that_is_well_at_the_second_look_stays() -> None:
    assert Scene([[HEALTHY], [SICK], [HEALTHY]]).run().is_well


def test_version_that_the_checks_end_at_with_an_error_is_taken_back() -> None:
    scene = Scene([[HEALTHY], KeyError("type"), KeyError("type"), [HEALTHY]])

    done = scene.run()

    assert (done.end, done.reason) == ("put back", "it made red: checks")
    assert scene.done == ["verify", "up", "verify", "verify", "put back b", "verify"]


def test_checks_that_end_with_an_error_after_a_put_back_do_not_undo_it() -> None:
    done = Scene([[HEALTHY], [SICK], [SICK], KeyError("a-secret")]).run()

    assert (done.end, done.commit) == ("put back", BEFORE)
    assert [finding.name for finding in done.findings] == ["checks"]
    assert "a-secret" not in write_summary("prod", done)


def test_what_was_red_before_is_told_and_takes_nothing_back() -> None:
    scene = Scene([[HEALTHY, OLD_SORROW]])

    done = scene.run()

    assert (done.end, done.is_well) == ("deployed", False)
    assert scene.done == ["verify", "up", "verify"]


def test_up_that_fails_is_taken_back() -> None:
    done = Scene([[HEALTHY]], up_fails=True).run()

    assert (done.end, done.reason) == ("put back", "the up failed")


def test_up_that_never_began_takes_nothing_back() -> None:
    """As when an operator's `ops rollback` has locked the stack: the old commit would undo it."""
    scene = Scene([[HEALTHY]], up_fails=True, up_begins=False)

    done = scene.run()

    assert (done.end, done.is_well) == ("broken", False)
    assert done.reason.startswith("the up failed\nThe update has not begun")
    assert scene.done == ["verify", "up"]


def test_first_deployment_has_nothing_to_go_back_to() -> None:
    scene = Scene([[], [SICK]], commit=None)

    done = scene.run()

    assert done.end == "broken"
    assert "names no commit" in done.reason
    assert not [act for act in scene.done if act.startswith("put back")]


def test_what_cannot_be_put_back_says_both_reasons() -> None:
    done = Scene([[HEALTHY], [SICK]], put_back_fails=True).run()

    assert done.end == "broken"
    assert "it made red: AWS health" in done.reason
    assert "bbbbbbb could not be put back: no such commit" in done.reason


def test_summary_says_how_it_ended_and_what_to_run() -> None:
    text = write_summary("prod", Scene([[HEALTHY], [SICK], [SICK], [HEALTHY, OLD_SORROW]]).run())

    assert text.startswith("### prod: not kept: bbbbbbb is deployed again\n")
    assert "it made red: AWS health" in text
    assert "| ✓ | AWS health | 9 ms |" in text
    assert "**alarm e-mail**: nobody clicked. Run: `look for the mail`" in text


def an_update(
    commit: str,
    *,
    kind: str = "update",
    result: str = "succeeded",
    dirty: str = "false",
    message: str = "Merge",
) -> object:
    """An entry of `pulumi stack history --json`, as 3.259 prints it."""
    return {
        "kind": kind,
        "startTime": "2026-11-26T10:00:00.000Z",
        "message": message,
        "environment": {"exec.kind": "cli", "git.head": commit, "git.dirty": dirty},
        "config": {"glow:HeliusApiKey": {"secret": True}},
        "result": result,
        "endTime": "2026-11-26T10:01:00.000Z",
        "resourceChanges": {"same": 240},
    }


@pytest.mark.parametrize(
    ("history", "commit"),
    [
        ([], None),
        ([an_update(NOW), an_update(BEFORE)], NOW),
        ([an_update(NOW, result="failed"), an_update(BEFORE)], BEFORE),
        ([an_update(NOW, kind="refresh"), an_update(BEFORE)], BEFORE),
        ([an_update(NOW, dirty="true"), an_update(BEFORE)], None),
        ([an_update("")], None),
    ],
)
def test_deployed_commit_is_that_of_the_newest_up_that_succeeded(
    history: Sequence[object], commit: str | None
) -> None:
    assert commit_of(json.dumps(history)) == commit


def test_history_names_an_update_that_began_however_it_ended() -> None:
    printed = json.dumps([an_update(NOW, message="ours", result="failed"), an_update(BEFORE)])

    assert names_update(printed, "ours")
    assert not names_update(printed, "another")


@pytest.mark.engine
@pytest.mark.timeout(300)
def test_locked_stack_keeps_an_update_out_of_its_history(tmp_path: Path) -> None:
    """By the real CLI, with a program that fails: its config lacks what it needs."""
    stack = make_stack(tmp_path)
    locks = tmp_path / "state" / ".pulumi" / "locks" / "organization" / "glow" / stack.name

    with pytest.raises(WorkspaceError, match="HeliusApiKey"):
        up(stack, ignore, message="began")
    locks.mkdir(parents=True, exist_ok=True)
    (locks / "an-operator.json").write_text('{"pid": 1, "username": "op", "hostname": "elsewhere"}')
    with pytest.raises(WorkspaceError, match="stack is currently locked"):
        up(stack, ignore, message="was locked out")

    assert has_update(stack, "began")
    assert not has_update(stack, "was locked out")


def git(repository: Path, *arguments: str) -> str:
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    command = ["git", *who, *arguments]
    done = subprocess.run(
        command,
        cwd=repository,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits: the first says `old` in its program, the second `new`."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "Makefile").write_text("install:\n\t@mkdir -p .venv/bin && touch .venv/installed\n")
    for version in ("old", "new"):
        (folder / "program").write_text(version)
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "--message", version)
    return folder


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Its Pulumi prints how it was called, and what it finds where it runs."""
    programs = tmp_path / "programs"
    programs.mkdir()
    pulumi = programs / "pulumi"
    pulumi.write_text('#!/bin/sh\necho "$@"; cat program; echo; ls .venv; echo "${PATH%%:*}"\n')
    pulumi.chmod(0o755)
    return Stack(name="dev", environment={"PATH": f"{programs}:{os.environ['PATH']}"})


def test_earlier_commit_is_installed_and_deployed_in_a_checkout_of_its_own(
    repository: Path, stack: Stack
) -> None:
    said: list[str] = []

    put_back(stack, git(repository, "rev-parse", "HEAD~1"), repository=repository, say=said.append)

    _, called, *found, first_of_path = said
    assert called.startswith("up --yes --skip-preview --stack dev")
    assert any("old" in line for line in found), said
    assert any("installed" in line for line in found), said
    assert first_of_path.endswith("/glow/.venv/bin")
    assert (repository / "program").read_text() == "new"
    assert len(git(repository, "worktree", "list").splitlines()) == 1


def test_commit_that_is_not_there_says_what_a_workflow_must_check_out(
    repository: Path, stack: Stack
) -> None:
    with pytest.raises(OpsError, match="fetch-depth: 0"):
        put_back(stack, "d" * 40, repository=repository, say=list[str]().append)
