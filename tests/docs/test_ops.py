"""Every command of ops/ has a help text and is in the docs."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_group

from ops.cli import app

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
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
