"""What is left of a failed run of the Pulumi CLI: the error, with a remedy that works as printed."""

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from getpass import getuser
from pathlib import Path

import psutil
import pytest

from workspace.engine import InterruptedEngineError, essence, run_engine
from workspace.engine_lock import clear_dead_locks
from workspace.errors import WorkspaceError
from workspace.paths import REPOSITORY
from workspace.stack import LOCAL_LAUNCHER

FAILED_UP = """\
Updating (local):
 ~  aws:sqs:Queue glow-queue updating (0s) error: no such key

Diagnostics:
  aws:sqs:Queue (glow-queue):
    error: glow:tokens names no mint. Set it: pulumi config set --path 'tokens["A"]' <mint>

  pulumi:pulumi:Stack (glow-local):
    error: update failed

Outputs:
    RestApiUrl: "http://127.0.0.1:4566/_aws/execute-api/abc"
    Routing   : {
        dual: false
    }

Resources:
    171 unchanged

Duration: 3s
"""


def test_failed_up_ends_with_its_errors_and_shows_no_outputs() -> None:
    shown = essence(FAILED_UP)
    assert shown.startswith("Diagnostics:\n  aws:sqs:Queue (glow-queue):\n    error: glow:tokens")
    assert shown.endswith("error: update failed")


def test_remedy_names_the_launcher_of_stack_local() -> None:
    assert "Set it: bin/pulumi-local config set --path" in essence(
        FAILED_UP, launcher=LOCAL_LAUNCHER
    )
    assert (REPOSITORY / LOCAL_LAUNCHER).exists()


@pytest.mark.parametrize("text", ["make pulumi ARGS=up", "bin/pulumi up", "pulumi:pulumi:Stack"])
def test_what_is_no_plain_command_is_shown_as_it_is(text: str) -> None:
    assert essence(text) == text


def test_output_without_diagnostics_is_shown_whole() -> None:
    assert essence("error: no stack selected\n") == "error: no stack selected"


WAITS_FOR_CTRL_C = """
import os, signal, subprocess, sys
left = subprocess.Popen(
    [sys.executable, "-c", "import signal; signal.pause()"], process_group=0,
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
print(left.pid, flush=True)
signal.sigwait({signal.SIGINT})
print("finished", flush=True)
"""


def test_interrupted_run_is_waited_for_and_what_it_left_is_ended(tmp_path: Path) -> None:
    heard: list[str] = []

    def interrupt_once(line: str) -> None:
        heard.append(line)
        if line.isdecimal():
            os.kill(os.getpid(), 2)

    with pytest.raises(InterruptedEngineError, match="was interrupted"):
        run_engine(
            [sys.executable, "-c", WAITS_FOR_CTRL_C],
            cwd=tmp_path,
            environment=os.environ,
            note=interrupt_once,
        )

    assert heard[-1] == "finished"
    assert not psutil.pid_exists(int(heard[0]))


def test_failure_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="`false` failed"):
        run_engine(["false"], cwd=tmp_path, environment=os.environ)


def a_dead_pid() -> int:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    return dead.pid


def leave_lock(backend: Path, **written: object) -> Path:
    """A lock as Pulumi 3.259 writes it, of this process unless told otherwise."""
    lock = backend / ".pulumi" / "locks" / "organization" / "glow" / "local" / "b1e76fba.json"
    lock.parent.mkdir(parents=True)
    content = {
        "pid": os.getpid(),
        "username": getuser(),
        "hostname": socket.gethostname(),
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "789Z"),
    }
    lock.write_text(json.dumps(content | written))
    lock.with_name(f"{lock.name}.attrs").write_text("{}")
    return lock


def test_lock_of_a_dead_engine_is_removed(tmp_path: Path) -> None:
    lock = leave_lock(tmp_path, pid=a_dead_pid())
    clear_dead_locks(tmp_path)
    assert list(lock.parent.iterdir()) == []


def test_lock_whose_pid_was_given_to_another_process_is_removed(tmp_path: Path) -> None:
    earlier = datetime.now(UTC) - timedelta(days=1)
    lock = leave_lock(tmp_path, timestamp=earlier.isoformat())
    clear_dead_locks(tmp_path)
    assert not lock.exists()


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"pid": 2**22 + 1, "hostname": "elsewhere"},
        {"pid": 2**22 + 1, "username": "somebody"},
        {"pid": "unknown"},
    ],
)
def test_lock_whose_process_may_live_stays(tmp_path: Path, written: dict[str, object]) -> None:
    lock = leave_lock(tmp_path, **written)
    clear_dead_locks(tmp_path)
    assert lock.exists()


def test_backend_without_locks_is_left_alone(tmp_path: Path) -> None:
    clear_dead_locks(tmp_path)
    assert list(tmp_path.iterdir()) == []
