"""One run of the Pulumi CLI: Ctrl-C reaches it as a wish to end, and a failure is told in words."""

import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, Final

import psutil

from workspace.errors import WorkspaceError
from workspace.processes import end_all

INTERRUPTS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# A command in a printed remedy.
_REMEDY: Final = re.compile(r"(?<![\w./-])pulumi(?= (?:cancel|config|preview|refresh|stack|up)\b)")

Note = Callable[[str], None]


class InterruptedEngineError(WorkspaceError):
    """The user ended a run of the CLI; its state is whole."""


def ignore(text: str) -> None:
    """Note nothing."""
    del text


def run_engine(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    stdin: str = "",
    note: Note = ignore,
    launcher: str = "pulumi",
) -> str:
    """Run `command` and return its stdout; `note` hears each line at once.

    Raises InterruptedEngineError after a Ctrl-C, when the engine has finished what was under way, and
    WorkspaceError when the command fails: with the CLI's own diagnostics, whose remedies then name
    `launcher`.
    """
    with tempfile.TemporaryFile("w+") as complaints:
        process = _start(command, cwd=cwd, environment=environment, complaints=complaints)
        printed: list[str] = []
        with process, _interrupts_passed_on(process, note) as interrupts:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(stdin)
            process.stdin.close()
            for line in process.stdout:
                printed.append(line)
                note(line.strip())
            process.wait()
        complaints.seek(0)
        complained = complaints.read()
    if interrupts or process.returncode != 0:
        _end_session(process.pid)
    if interrupts:
        raise InterruptedEngineError(f"`{' '.join(command)}` was interrupted.")
    output = "".join(printed)
    if process.returncode != 0:
        told = essence(output + complained, launcher=launcher)
        raise WorkspaceError(f"`{' '.join(command)}` failed:\n{told}")
    return output


def _start(
    command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], complaints: IO[str]
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Kept apart from stdout, where a warning would spoil the JSON that callers read.
        stderr=complaints,
        text=True,
        # A terminal sends Ctrl-C to every process in its foreground. The engine takes a second one
        # for "give up at once", so it must get each from us alone.
        start_new_session=True,
    )


def essence(output: str, *, launcher: str = "pulumi") -> str:
    """Return the CLI's diagnostics alone, or all it printed if there are none.

    They follow the lines of progress. After them come the outputs of the last successful run and
    the counts, which would push the error off the screen. Remedies name `launcher`.
    """
    sections = r"^Diagnostics:$.*?(?=^(?:Outputs|Policies|Resources|Duration):|\Z)"
    found = re.search(sections, output, re.MULTILINE | re.DOTALL)
    return _REMEDY.sub(launcher, (found[0] if found else output).strip())


@contextmanager
def _interrupts_passed_on(process: subprocess.Popen[str], note: Note) -> Generator[list[int]]:
    """Pass each signal of INTERRUPTS on to `process`; what is yielded lists those that came."""
    came: list[int] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        del frame
        came.append(number)
        process.send_signal(signal.SIGINT)
        note("interrupted: finishing what is under way (Ctrl-C again: give that up)")

    # Only the main thread hears signals. A run in another thread goes on to its end.
    is_heard = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, pass_on) for number in INTERRUPTS if is_heard}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_session(session: int) -> None:
    """End what the CLI has left running: plugins outlive one that gave up or was killed."""
    end_all([process for process in psutil.process_iter() if _is_in(process, session)])


def _is_in(process: psutil.Process, session: int) -> bool:
    try:
        return os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.NoSuchProcess):
        return False
