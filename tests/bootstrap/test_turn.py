"""Two commands on one local cloud: the second is told of the first, and who died blocks nobody."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.errors import LocalError
from local.turn import exclusive
from workspace.paths import REPOSITORY

HOLDS = """
import pathlib, signal, sys
from local.turn import exclusive
with exclusive(pathlib.Path(sys.argv[1]), "make up"):
    print("holds", flush=True)
    signal.pause()
"""


def test_second_command_is_told_who_is_at_work(tmp_path: Path) -> None:
    said = rf"`make up` \(pid {os.getpid()}\) is at work .* then run: make reset"
    with (
        exclusive(tmp_path, "make up"),
        pytest.raises(LocalError, match=said),
        exclusive(tmp_path, "make reset"),
    ):
        pass


def test_next_command_goes_on_when_the_first_has_ended(tmp_path: Path) -> None:
    with exclusive(tmp_path, "make up"):
        pass
    with exclusive(tmp_path, "make down"):
        pass


def test_killed_command_blocks_nobody(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], cwd=REPOSITORY, stdout=subprocess.PIPE
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"holds\n"
            with pytest.raises(LocalError, match=str(holder.pid)), exclusive(tmp_path, "make up"):
                pass
        finally:
            holder.kill()
    with exclusive(tmp_path, "make up"):
        pass
