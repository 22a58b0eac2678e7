"""The nightly look for drift, and the one issue that tells of it."""

from pathlib import Path

import pytest

from ops.drift.finding import Drift
from ops.drift.issue import settle
from ops.github import WORKFLOW_LOGIN, GitHub
from ops.preview import Preview
from tests.workflows import github_server
from tests.workflows.github_server import TOKEN, Conversation
from tests.workflows.jobs import run_step
from workspace.paths import REPOSITORY

LOG_URL = "https://github.com/acme/glow/actions/runs/1"
CHANGED = """\
  ~ aws:cloudwatch/logGroup:LogGroup: (refresh)
      ~ retentionInDays: {days} => 1
Resources:
    ~ 1 to update
    239 unchanged
"""
SAME = "Resources:\n    240 unchanged\n"


def found(days: int = 30, *, stack: str = "dev") -> Drift:
    return Drift.of(stack, Preview(output="\n" + CHANGED.format(days=days), exit_code=0))


def none(stack: str = "dev") -> Drift:
    return Drift.of(stack, Preview(output="\n" + SAME, exit_code=0))


def tell(conversation: Conversation, drift: Drift) -> str:
    """What was done."""
    repository = github_server.REPOSITORY
    with GitHub(conversation.url, repository, TOKEN, needs="issues: write") as github:
        return settle(github, drift, log_url=LOG_URL)


def tell_by_workflow(conversation: Conversation, checkout: Path, drift: Drift) -> str:
    """Run the step of the workflow; what it printed."""
    (checkout / "drift.json").write_text(drift.model_dump_json())
    environment = {
        "GITHUB_API_URL": conversation.url,
        "GITHUB_REPOSITORY": github_server.REPOSITORY,
        "GITHUB_TOKEN": TOKEN,
        "LOG_URL": LOG_URL,
        "PYTHONPATH": str(REPOSITORY),
    }
    done = run_step("drift/stack", "Tell of it", checkout=checkout, environment=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nights_of_drift_share_one_issue_with_the_newest_diff(
    conversation: Conversation, tmp_path: Path
) -> None:
    conversation.add_issue("<!-- glow:drift dev -->", "<!-- glow:drift dev -->", author="mallory")

    said = [tell_by_workflow(conversation, tmp_path, found(days)) for days in (30, 14)]

    [_, issue] = conversation.issues
    assert (issue["title"], issue["user"]["login"]) == ("Drift of stack dev", WORKFLOW_LOGIN)
    assert "retentionInDays: 14 => 1" in issue["body"]
    assert "retentionInDays: 30 => 1" not in issue["body"]
    assert "pulumi up --refresh --stack dev" in issue["body"]
    assert "<summary>pulumi refresh --diff</summary>" in issue["body"]
    assert [line.split(":")[0] for line in said] == ["Opened", "Updated"]


def test_each_stack_has_an_issue_of_its_own(conversation: Conversation) -> None:
    tell(conversation, found())
    tell(conversation, found(stack="prod"))

    assert [issue["title"] for issue in conversation.issues] == [
        "Drift of stack dev",
        "Drift of stack prod",
    ]


def test_issue_is_closed_when_the_drift_is_gone_and_a_new_one_is_opened_for_the_next(
    conversation: Conversation,
) -> None:
    for drift in (found(), none(), found()):
        tell(conversation, drift)

    assert [issue["state"] for issue in conversation.issues] == ["closed", "open"]
    assert "no drift" in conversation.bodies[0]


def test_without_drift_nothing_is_written(conversation: Conversation) -> None:
    said = tell(conversation, none())

    assert said == "No drift of dev."
    assert conversation.issues == []


@pytest.mark.parametrize("found_before", [False, True])
def test_look_that_fails_opens_and_closes_nothing(
    conversation: Conversation, found_before: bool
) -> None:
    if found_before:
        tell(conversation, found())

    tell(conversation, Drift.of("dev", Preview(output="error: no keys", exit_code=255)))

    assert [issue["state"] for issue in conversation.issues] == ["open"] * found_before
