"""The commands that are fixed, and the lock files behind them."""

import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from workspace.paths import REPOSITORY

FIXED = {"up", "down", "reset", "demo", "outputs", "test", "bench", "help"}
LOCKS = [
    *REPOSITORY.glob("requirements*.txt"),
    *(REPOSITORY / "local" / "toolchain").glob("*.txt"),
    *(REPOSITORY / "workspace" / "toolchain").glob("*.txt"),
]


def test_help_lists_every_target_with_what_it_does() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None
    printed = subprocess.run(
        ["make", "-s", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    listed = set(re.findall(r"^  make ([\w-]+) +\w", printed, re.MULTILINE))
    assert listed == set(phony[1].split())
    assert listed >= FIXED


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_lock_is_pinned_hashed_and_names_no_host(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    requirements = re.findall(r"^[a-zA-Z].*(?:\n    --hash.*)*", text, re.MULTILINE)
    assert requirements
    for requirement in requirements:
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+", requirement)
        assert "--hash=sha256:" in requirement


def test_what_is_in_two_locks_has_one_version() -> None:
    pins: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", lock.read_text(), re.MULTILINE):
            pins.setdefault(name, set()).add(version)
    assert {name: versions for name, versions in pins.items() if len(versions) > 1} == {}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A Makefile whose environment is made, with the Python that runs this."""
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    lock = tmp_path / "local" / "toolchain" / "uv.txt"
    lock.parent.mkdir(parents=True)
    lock.touch()
    venv.create(tmp_path / ".venv")
    (tmp_path / ".venv" / ".uv").touch()
    return tmp_path


def environment_commands(checkout: Path, *arguments: str) -> str:
    """What make would run to bring the environment up to date."""
    return subprocess.run(
        ["make", "--dry-run", ".venv/.uv", *arguments],
        cwd=checkout,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_environment_is_made_anew_for_another_python(checkout: Path) -> None:
    another = checkout / "another-python"
    another.write_text("#!/bin/sh\necho /elsewhere 3.99.0\n")
    another.chmod(0o755)
    made = environment_commands(checkout, f"PYTHON={another}")
    assert f"{another} -m venv --clear .venv" in made


@pytest.mark.parametrize("arguments", [[], [f"PYTHON={sys.executable}"]], ids=["none", "same"])
def test_environment_is_kept_for_the_python_that_made_it(
    checkout: Path, arguments: list[str]
) -> None:
    assert "-m venv" not in environment_commands(checkout, *arguments)
