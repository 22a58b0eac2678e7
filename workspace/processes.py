"""Ends processes of this machine."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import psutil

STOP_SECONDS: Final = 10


def end_all(processes: Sequence[psutil.Process]) -> None:
    """End `processes`, politely first."""
    for process in processes:
        _end(process.terminate)
    _, survivors = psutil.wait_procs(processes, timeout=STOP_SECONDS)
    for process in survivors:
        _end(process.kill)
    psutil.wait_procs(survivors, timeout=STOP_SECONDS)


def _end(signal: Callable[[], None]) -> None:
    with suppress(psutil.NoSuchProcess):  # a child may end with its parent
        signal()
