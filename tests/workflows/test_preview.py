"""`ops preview` as the workflow calls it, on real stacks of the local cloud."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import psutil
import pytest
from botocore.session import Session
from typer.testing import CliRunner

from local.cloud import LocalCloud
from local.stack import LocalStack
from ops.cli import app
from ops.deploy.history import deployed_commit
from ops.deployed import DeployedStack
from ops.drift.command import REFRESH
from ops.drift.finding import Drift
from ops.preview import run_preview
from ops.report import write_report
from tests.local.aws import Aws
from tests.workflows.github_server import Conversation
from tests.workflows.jobs import post_comment, run_step
from workspace.engine import ignore
from workspace.paths import REPOSITORY
from workspace.toolchain import pulumi_folder

NOT_CHECKED_OUT = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "Pulumi.local.yaml")

pytestmark = [pytest.mark.cloud, pytest.mark.engine, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    root = tmp_path_factory.mktemp("previewed")
    with LocalCloud(root, aws_port=0, worker_port=0) as cloud:
        stack = LocalStack(cloud)
        stack.up()
        yield stack


@pytest.fixture
def logs(stack: LocalStack) -> Any:
    return Aws(Session(), stack.cloud.aws_url).client("logs")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh clone, as it is on a runner after `make`."""
    folder = tmp_path / "glow"
    shutil.copytree(REPOSITORY, folder, ignore=NOT_CHECKED_OUT)
    (folder / "node_modules").symlink_to(REPOSITORY / "node_modules")
    return folder


def test_preview_shows_a_change_and_carries_nothing_out(stack: LocalStack) -> None:
    stack.config_set("logRetentionDays", "14")
    said: list[str] = []

    done = run_preview(stack.target, said.append)

    report = write_report("local", done.output, done.exit_code)
    assert done.exit_code == 0, done.output
    assert " to update, " in report.splitlines()[0]
    assert "retentionInDays" in report
    assert stack.webhook_key() not in report
    assert "\n".join(said) == done.output.rstrip("\n")
    stack.config_set("logRetentionDays", "30")
    stack.preview(expect_no_changes=True)


def test_preview_without_change_says_so(stack: LocalStack) -> None:
    done = run_preview(stack.target, ignore)

    report = write_report("local", done.output, done.exit_code)
    assert report.startswith("### local: no changes, ")


def test_two_previews_of_a_stack_leave_one_comment_with_the_second(
    stack: LocalStack, conversation: Conversation, tmp_path: Path
) -> None:
    for days in ("14", "60"):
        stack.config_set("logRetentionDays", days)
        done = run_preview(stack.target, ignore)
        report = write_report("local", done.output, done.exit_code)
        posted = post_comment(conversation, tmp_path, report, stack="local")
        assert posted.returncode == 0, posted.stderr
    stack.config_set("logRetentionDays", "30")

    [body] = conversation.bodies
    assert "retentionInDays: 30 => 60" in body
    assert "retentionInDays: 30 => 14" not in body


def test_bad_config_fails_with_its_remedy_in_the_report(stack: LocalStack) -> None:
    stack.config_set("logRetentionDays", "31")

    done = run_preview(stack.target, ignore)

    stack.config_set("logRetentionDays", "30")
    assert done.exit_code != 0
    report = write_report("local", done.output, done.exit_code)
    assert report.startswith(f"### local: preview failed, exit code {done.exit_code}\n")
    assert "glow:logRetentionDays" in report


def test_change_by_hand_is_drift_and_what_is_not_deployed_yet_is_none(
    stack: LocalStack, logs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.config_set("logRetentionDays", "14")
    clean = run_preview(stack.target, ignore, command=REFRESH)
    group = f"/aws/lambda/{DeployedStack('local', stack.outputs()).function_names['webhook']}"
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)

    monkeypatch.setattr("ops.drift.command.stack_named", Mock(return_value=stack.target))
    changed = CliRunner().invoke(app, ["drift", "--stack", "local", "--json"])

    logs.put_retention_policy(logGroupName=group, retentionInDays=30)
    stack.config_set("logRetentionDays", "30")
    assert Drift.of("local", clean).state == "none", clean.output
    assert changed.exit_code == 0, changed.output
    found = Drift.model_validate_json(changed.stdout)
    assert found.state == "found", changed.output
    assert "retentionInDays" in found.report
    assert group in found.report
    assert stack.webhook_key() not in found.report
    stack.preview(expect_no_changes=True)


def test_history_of_a_stack_is_read(stack: LocalStack) -> None:
    commit = deployed_commit(stack.target)

    assert commit is None or len(commit) == 40


def test_fork_is_previewed_from_a_fresh_clone_without_credentials(checkout: Path) -> None:
    summary = checkout / "summary"

    previewed = run_step("preview/local", "Preview on the local cloud", checkout=checkout)
    written = run_step(
        "preview/local",
        "Write the summary",
        checkout=checkout,
        environment={"GITHUB_STEP_SUMMARY": str(summary)},
    )

    assert previewed.returncode == 0, previewed.stdout + previewed.stderr
    assert written.returncode == 0
    assert " to create" in summary.read_text().splitlines()[0]
    assert _processes_of(checkout) == []


def test_failing_preview_keeps_its_exit_code_and_is_written_down(
    checkout: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "no-stacks"
    empty.mkdir()
    environment = {"PULUMI_BACKEND_URL": empty.as_uri(), "STACK": "dev"}

    done = run_step("preview/stack", "Preview", checkout=checkout, environment=environment)

    direct = subprocess.run(
        [pulumi_folder(ignore) / "pulumi", "preview", "--non-interactive", "--stack", "dev"],
        cwd=checkout,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"} | environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == direct.returncode != 0
    report = (checkout / "preview.md").read_text()
    assert report.startswith(f"### dev: preview failed, exit code {done.returncode}\n")
    assert "no stack named 'dev' found" in report
    assert "no stack named 'dev' found" in done.stdout


def _processes_of(folder: Path) -> list[list[str]]:
    running = psutil.process_iter(["cmdline"])
    commands = [cast("list[str]", process.info["cmdline"] or []) for process in running]
    return [command for command in commands if str(folder) in " ".join(command)]
