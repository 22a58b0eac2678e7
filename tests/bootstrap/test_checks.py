"""How `make test` and `make check` share out the work."""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from local.checks.lanes import Part, run_side_by_side
from local.checks.rooms import ROOMS, needed_tests
from workspace.paths import REPOSITORY

MEET = """
import pathlib, sys, time
mine, theirs = map(pathlib.Path, sys.argv[1:])
mine.touch()
deadline = time.monotonic() + 60
while not theirs.exists():
    assert time.monotonic() < deadline, "the other part does not run"
    time.sleep(0.01)
print("we met")
"""


def a_part(name: str, program: str, *arguments: Path) -> Part:
    return Part(name, [sys.executable, "-c", program, *map(str, arguments)])


def test_lanes_run_side_by_side_and_each_part_speaks_for_itself(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"

    succeeded = run_side_by_side(
        [[a_part("one", MEET, one, other)], [a_part("other", MEET, other, one)]],
        {},
        logs=tmp_path / "logs",
    )

    said = capfd.readouterr().out
    assert succeeded, said
    assert said.count("we met") == 2


def test_one_that_fails_fails_all_and_stops_nobody(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fails = a_part("fails", "raise SystemExit('it is broken')")
    follows = a_part("follows", "print('and yet it ran')")

    assert not run_side_by_side([[fails, follows]], {}, logs=tmp_path)

    said = capfd.readouterr().out
    assert "it is broken" in said
    assert "and yet it ran" in said
    assert re.search(r"──── fails, \d+:\d\d: FAILED, exit code 1", said)


def test_every_folder_of_the_repository_is_a_room_whose_tests_exist() -> None:
    for room in ROOMS:
        for place in room.tests:
            assert (REPOSITORY / place).exists(), f"{room.place} names {place}"
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    folders = {path.partition("/")[0] for path in tracked if "/" in path} - {".ci", "bench"}
    rooms = {room.place.partition("/")[0] for room in ROOMS if "/" in room.place}
    assert folders == rooms, "ROOMS in local/checks/rooms.py has not these folders: say their tests"


@pytest.mark.parametrize(
    ("path", "needed", "spared"),
    [
        (
            "functions/glow/trades",
            "tests/functions/test_webhook.py",
            "tests/functions/test_span.py",
        ),
        ("functions/glow/prices/span.py", "tests/functions/test_span.py", "tests/stack"),
        ("functions/route_mover.py", "tests/functions/test_route_functions.py", "tests/stack"),
        ("functions/glow/update.py", "tests/functions", "tests/stack"),
        ("components/aws/table.py", "tests/stack", "tests/functions"),
        ("worker/room.js", "tests/worker", "tests/client"),
        ("worker", "tests/worker", "tests/client"),
        ("tests/unit/test_frames.py", "tests/unit/test_frames.py", "tests/unit"),
        ("tests/client/stack.py", "tests/client", "tests/unit"),
        ("README.md", "tests/docs", "tests/stack"),
    ],
)
def test_change_of_a_room_needs_its_tests_and_not_all(path: str, needed: str, spared: str) -> None:
    found = needed_tests([path])

    assert needed in found
    assert spared not in found


def test_folder_that_shares_is_run_by_one_process_and_the_most_patient_first(
    tmp_path: Path,
) -> None:
    tests = tmp_path / "tests"
    for folder, timeout_seconds in (("ant", 120), ("bee", 900), ("cow", 300)):
        for number in range(2):
            _write_test(tests / folder / f"test_{number}.py", timeout_seconds, tmp_path / "ran")
        shared = 'import pytest\n@pytest.fixture(scope="session")\ndef cloud(): return 1\n'
        (tests / folder / "conftest.py").write_text(shared)
    shutil.copy(REPOSITORY / "tests" / "conftest.py", tests)

    printed = _pytest(["--numprocesses", "2", "tests"], cwd=tmp_path)

    assert "6 passed" in printed, printed
    ran = [line.split() for line in (tmp_path / "ran").read_text().splitlines()]
    assert len({(folder, process) for folder, process in ran}) == len({"ant", "bee", "cow"})
    assert "ant" not in {folder for folder, _ in ran[:2]}
    assert "tests/bee (2 tests)" in printed


def test_files_that_share_nothing_are_run_one_by_one(tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    for number in range(2):
        _write_test(tests / "dog" / f"test_{number}.py", 300, tmp_path / "ran")
    shutil.copy(REPOSITORY / "tests" / "conftest.py", tests)

    printed = _pytest(["--numprocesses", "2", "tests"], cwd=tmp_path)

    assert "2 passed" in printed, printed
    assert "tests/dog/test_0.py (1 tests)" in printed
    assert "tests/dog/test_1.py (1 tests)" in printed


def _write_test(file: Path, timeout_seconds: int, ran: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        "import os, pathlib, pytest\n"
        f"@pytest.mark.timeout({timeout_seconds})\n"
        "def test_says_who_runs_it():\n"
        f"    with pathlib.Path({str(ran)!r}).open('a') as ran:\n"
        f"        ran.write('{file.parent.name} ' + os.environ['PYTEST_XDIST_WORKER'] + '\\n')\n"
    )


def _pytest(arguments: Sequence[str], *, cwd: Path) -> str:
    command = [sys.executable, "-m", "pytest", "--import-mode=importlib", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False).stdout
