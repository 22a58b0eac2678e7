"""A program in the background. It outlives the terminal; its pid file tells which process it is."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from local.errors import LocalError
from workspace.processes import end_all

POLL_SECONDS: Final = 0.1
LOG_TAIL_LINES: Final = 15


@dataclass(frozen=True)
class BackgroundProcess:
    """One program, known by `name`; its pid file and log lie in `folder`."""

    name: str
    folder: Path

    @property
    def log(self) -> Path:
        """Where its stdout and stderr go; emptied at each start."""
        return self.folder / f"{self.name}.log"

    @property
    def identity(self) -> str:
        """A text that changes with each start; empty while it is not running."""
        running = self._running()
        return _identity(running) if running else ""

    def is_running(self) -> bool:
        """Tell whether the process of the pid file runs, not another with the same pid."""
        return self._running() is not None

    def start(self, command: Sequence[str], *, environment: Mapping[str, str], cwd: Path) -> None:
        """Start `command` in a session of its own; it sees `environment` and nothing else."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            started = subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._pid_file.write_text(_identity(psutil.Process(started.pid)))

    def stop(self) -> None:
        """End it and what it started, politely first. Nothing happens if it is not running."""
        running = self._running()
        if running:
            end_all([running, *running.children(recursive=True)])
        self._pid_file.unlink(missing_ok=True)

    def wait_until(self, answers: Callable[[], bool], *, seconds: float) -> None:
        """Return once `answers()`. LocalError, with the end of the log, if that takes too long."""
        deadline = time.monotonic() + seconds
        while not answers():
            if not self.is_running():
                raise LocalError(f"{self.name} ended right after its start.\n{self._log_tail()}")
            if time.monotonic() > deadline:
                raise LocalError(
                    f"{self.name} does not answer after {seconds:.0f} s.\n{self._log_tail()}"
                )
            time.sleep(POLL_SECONDS)

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"

    def _running(self) -> psutil.Process | None:
        try:
            recorded = self._pid_file.read_text()
            process = psutil.Process(int(recorded.partition("@")[0]))
            # The system gives a pid again, but never the same pid and start time.
            ours = _identity(process) == recorded and process.status() != psutil.STATUS_ZOMBIE
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None
        return process if ours else None

    def _log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        return "\n".join([f"Its log ({self.log}) ends:", *(f"  {line}" for line in lines)])


def _identity(process: psutil.Process) -> str:
    return f"{process.pid}@{process.create_time()}"
