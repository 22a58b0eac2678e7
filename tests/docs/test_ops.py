"""Every command of ops/ has a help text and is in the docs."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_group

from ops.cli import app

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
WORKFLOWS = [*(ROOT / ".github" / "workflows").glob("*.yml")]
CALL = re.compile(r"python -m ops ((?:[^`\n]|\\\n|\n +--)*)")
"""Up to the end of the line or of the code; a line of a workflow may go on in the next ones."""
USAGE_ERROR: Any = (
    typer.BadParameter.__base__
)  # typer has a click of its own, and names few of its errors
VARIABLE = re.compile(r"\$[A-Z_]+")
FILE = re.compile(r"\w+\.(?:jsonl?|md)")
COMMANDS = get_group(app).commands
FOR_WORKFLOWS = {"comment", "drift-issue", "preview", "release"}
"""They read and write files: Markdown, and the JSON that goes from one to the next."""


def test_every_command_and_option_says_what_it_is_for() -> None:
    for name, command in COMMANDS.items():
        assert command.help, name
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"


@pytest.mark.parametrize("option", ["--json", "--stack"])
def test_every_command_of_an_operator_has_it(option: str) -> None:
    having = {
        name
        for name, command in COMMANDS.items()
        if any(option in parameter.opts for each in _leaves(command) for parameter in each.params)
    }

    assert {*COMMANDS} - FOR_WORKFLOWS <= having


def _leaves(command: Any) -> Iterator[Any]:
    """The commands of a group, or the one itself."""
    for each in getattr(command, "commands", {"": command}).values():
        yield from [each] if each is command else _leaves(each)


def test_every_command_is_in_the_docs() -> None:
    docs = "".join(page.read_text() for page in PAGES)

    assert [name for name in COMMANDS if f"python -m ops {name}" not in docs] == []


def test_every_command_in_the_docs_is_one() -> None:
    docs = "".join(page.read_text() for page in PAGES)

    assert {*re.findall(r"python -m ops ([a-z-]+)", docs)} <= {*COMMANDS}


@pytest.mark.parametrize("page", [*PAGES, *WORKFLOWS], ids=lambda page: page.name)
def test_every_call_in_docs_and_workflows_is_understood(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far as its command, options and values; nothing is run."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, "as-on-a-runner")
    misunderstood: dict[str, str] = {}
    for written in CALL.findall(VARIABLE.sub("1", page.read_text())):
        command, arguments = _called(shlex.split(written, comments=True))
        for file in filter(FILE.fullmatch, arguments):
            Path(file).touch()
        try:
            if arguments:  # else it is spoken of
                command.make_context(command.name, arguments)
        except USAGE_ERROR as error:
            misunderstood[written] = str(error)

    assert misunderstood == {}


def _called(words: list[str]) -> tuple[Any, list[str]]:
    """The command, and its arguments; a group's command is named by two words."""
    command: Any = COMMANDS.get(words[0])
    arguments = words[1:]
    while arguments and hasattr(command, "commands"):
        command, arguments = command.commands[arguments[0]], arguments[1:]
    return command, arguments
