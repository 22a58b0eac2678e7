"""The commands that are fixed, and the lock files behind them."""

import re
import subprocess
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
