"""The README and the other pages say what is so."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.shell import commands

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text()
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "client" / "README.md"]


def test_every_make_target_that_is_named_exists() -> None:
    named = set(re.findall(r"`make ([a-z-]+)", README))
    named |= {command.split()[1] for command in commands(README) if command.startswith("make ")}

    assert named <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    assert {"up", "test", "down", "reset", "demo", "outputs", "bench", "help"} <= named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_is_linked_exists(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_heading_that_is_linked_exists(page: Path) -> None:
    for target, heading in re.findall(r"\]\(([^)#:]*)#([\w-]+)\)", page.read_text()):
        text = (page.parent / target if target else page).read_text()
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
        assert heading in anchors, f"{page.name} links to {target}#{heading}"


@pytest.mark.parametrize("command", commands(README), ids=lambda command: command.split("\n")[0])
def test_every_command_is_good_shell_with_nothing_to_fill_in(command: str) -> None:
    checked = subprocess.run(
        ["bash", "-n", "-c", command], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stderr
    assert not re.search(r"<\w[\w ]*>|…", command)


def test_keys_of_the_first_deploy_are_those_of_the_whole_table() -> None:
    rows = re.findall(r"^\| `[\w.]+` \|.*\|.*\|$", README, re.MULTILINE)
    keys = [row for row in rows if "make " not in row]

    assert len(keys) == 10
    assert [row for row in keys if row.removesuffix("|") not in CONFIGURATION] == []


def test_picture_is_small_and_from_the_command_that_the_makefile_has() -> None:
    picture = (ROOT / "docs" / "page.png").read_bytes()

    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 150_000
