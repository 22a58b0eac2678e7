"""A version is named by hand, and tagged and released once."""

import json
import shutil
import tomllib
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops.cli import app
from ops.errors import OpsError
from ops.github import GitHub
from ops.release.changelog import name_unreleased, newest_version
from ops.release.command import publish_by
from ops.release.versions import require_version
from tests.workflows import github_server
from tests.workflows.github_server import TOKEN, Conversation
from tests.workflows.jobs import run_step
from workspace.paths import REPOSITORY

CHANGELOG = """\
# Changelog

What users notice, newest first.

## Unreleased

- Something new.

## 0.1.0 (2026-01-02)

- The first.
"""
TODAY = date(2026, 11, 26)
COMMIT = "c0ffee" + "0" * 34


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "client").mkdir()
    for name in ("pyproject.toml", "client/package.json"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def prepare(repository: Path, version: str) -> str:
    done = CliRunner().invoke(app, ["release", "prepare", version, "--root", str(repository)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def publish(conversation: Conversation, repository: Path) -> str:
    """What is said. Raises what the command does."""
    with GitHub(conversation.url, github_server.REPOSITORY, TOKEN) as github:
        return publish_by(github, repository, commit=COMMIT)


def publish_by_workflow(conversation: Conversation, repository: Path) -> tuple[int, str]:
    """Run the workflow's step; exit code, and what it said."""
    environment = {
        "COMMIT": COMMIT,
        "GITHUB_API_URL": conversation.url,
        "GITHUB_REPOSITORY": github_server.REPOSITORY,
        "GITHUB_TOKEN": TOKEN,
        "PYTHONPATH": str(REPOSITORY),
    }
    done = run_step("release/release", "Publish", checkout=repository, environment=environment)
    return done.returncode, done.stdout + done.stderr


def test_version_is_named_in_the_changelog_and_in_both_packages(repository: Path) -> None:
    said = prepare(repository, "0.2.0")

    assert "## 0.2.0 (" in (repository / "CHANGELOG.md").read_text()
    assert json.loads((repository / "client/package.json").read_text())["version"] == "0.2.0"
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    assert project["version"] == "0.2.0"
    assert "0.2.0: commit it" in said


def test_section_keeps_its_text_and_the_older_ones_stay() -> None:
    named = name_unreleased(CHANGELOG, "0.2.0", TODAY)

    assert named == CHANGELOG.replace("## Unreleased", "## 0.2.0 (2026-11-26)")
    newest = newest_version(named)
    assert newest is not None
    assert (newest.version, newest.notes) == ("0.2.0", "- Something new.")


@pytest.mark.parametrize(
    ("text", "version", "why"),
    [
        (CHANGELOG, "0.1.0", "not above 0.1.0"),
        (CHANGELOG, "0.0.9", "not above 0.1.0"),
        (CHANGELOG, "1.0", "is no version"),
        (CHANGELOG, "v1.0.0", "is no version"),
        (CHANGELOG.replace("- Something new.\n", ""), "0.2.0", "nothing under"),
        ("# Changelog\n", "0.2.0", "nothing under"),
    ],
)
def test_version_that_cannot_be_is_refused(text: str, version: str, why: str) -> None:
    with pytest.raises(OpsError, match=why):
        name_unreleased(text, version, TODAY)


def test_changelog_and_packages_of_this_repository_can_be_released() -> None:
    newest = newest_version((REPOSITORY / "CHANGELOG.md").read_text())

    assert newest is None or require_version(REPOSITORY, newest.version) is None


def test_version_is_tagged_and_released_once(conversation: Conversation, repository: Path) -> None:
    prepare(repository, "0.2.0")

    code, said = publish_by_workflow(conversation, repository)
    again = publish(conversation, repository)

    assert code == 0, said
    assert "is released already" in again
    [release] = conversation.releases
    assert (release["tag_name"], release["target_commitish"]) == ("v0.2.0", COMMIT)
    assert release["body"] == "- Something new."


def test_what_is_not_named_yet_is_not_released(
    conversation: Conversation, repository: Path
) -> None:
    (repository / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n- Something.\n")

    said = publish(conversation, repository)

    assert conversation.releases == []
    assert "no version yet" in said


def test_packages_of_another_version_stop_a_release(
    conversation: Conversation, repository: Path
) -> None:
    text = name_unreleased(CHANGELOG, "0.3.0", TODAY)
    (repository / "CHANGELOG.md").write_text(text)

    with pytest.raises(OpsError, match="python -m ops release prepare"):
        publish(conversation, repository)

    assert conversation.releases == []
