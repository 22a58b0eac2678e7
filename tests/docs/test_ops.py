"""Every command of ops/ has a help text and is in the docs."""

import re
from pathlib import Path

from typer.main import get_group

from ops.cli import app

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
COMMANDS = get_group(app).commands


def test_every_command_and_option_says_what_it_is_for() -> None:
    for name, command in COMMANDS.items():
        assert command.help, name
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"


def test_every_command_is_in_the_docs() -> None:
    docs = "".join(page.read_text() for page in PAGES)

    assert [name for name in COMMANDS if f"python -m ops {name}" not in docs] == []


def test_every_command_in_the_docs_is_one() -> None:
    docs = "".join(page.read_text() for page in PAGES)

    assert {*re.findall(r"python -m ops ([a-z-]+)", docs)} <= {*COMMANDS}
