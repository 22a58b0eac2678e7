"""Background processes: found again by their pid file, never taken for another's."""

import os
import sys
from pathlib import Path

import psutil
import pytest

from local.errors import LocalError
from local.process import BackgroundProcess

WAITS = [sys.executable, "-c", "import signal; signal.pause()"]
HAS_A_CHILD = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print(child.pid, flush=True)
child.wait()
"""


def start(folder: Path, command: list[str]) -> BackgroundProcess:
    process = BackgroundProcess("sleeper", folder)
    process.start(command, environment={}, cwd=folder)
    return process


def test_process_is_found_by_whoever_looks_into_its_folder(tmp_path: Path) -> None:
    started = start(tmp_path, WAITS)
    found = BackgroundProcess("sleeper", tmp_path)
    assert found.is_running()
    assert found.identity == started.identity
    found.stop()
    assert not started.is_running()


def test_stop_ends_the_children_too(tmp_path: Path) -> None:
    process = start(tmp_path, [sys.executable, "-c", HAS_A_CHILD])
    process.wait_until(lambda: process.log.read_text().endswith("\n"), seconds=60)
    child = int(process.log.read_text())
    process.stop()
    assert not psutil.pid_exists(child)


def test_pid_of_a_stranger_is_neither_ours_nor_stopped(tmp_path: Path) -> None:
    stranger = start(tmp_path / "other", WAITS)
    pid = int(stranger.identity.partition("@")[0])
    ours = BackgroundProcess("sleeper", tmp_path)
    (tmp_path / "sleeper.pid").write_text(f"{pid}@1.0")
    assert not ours.is_running()
    ours.stop()
    assert stranger.is_running()
    stranger.stop()


@pytest.mark.parametrize("content", ["", "@", "4711", "x@1.0", "4711@"])
def test_damaged_pid_file_means_not_running(tmp_path: Path, content: str) -> None:
    (tmp_path / "sleeper.pid").write_text(content)
    assert not BackgroundProcess("sleeper", tmp_path).is_running()


def test_death_at_the_start_is_told_with_the_end_of_the_log(tmp_path: Path) -> None:
    process = start(tmp_path, [sys.executable, "-c", "raise SystemExit('no such table')"])
    with pytest.raises(LocalError, match=r"sleeper ended right after its start[^$]*no such table"):
        process.wait_until(lambda: False, seconds=60)


def test_silence_is_told_after_the_deadline(tmp_path: Path) -> None:
    process = start(tmp_path, WAITS)
    with pytest.raises(LocalError, match="does not answer after 0 s"):
        process.wait_until(lambda: False, seconds=0)
    process.stop()


def test_process_sees_nothing_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    process = start(tmp_path, [sys.executable, "-c", "import os; print(sorted(os.environ))"])
    process.wait_until(lambda: process.log.read_text().endswith("]\n"), seconds=60)
    assert "AWS_SECRET_ACCESS_KEY" not in process.log.read_text()
    assert "AWS_SECRET_ACCESS_KEY" in os.environ
    process.stop()
