"""One command at a time changes the local cloud."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from local.errors import LocalError

_FILE: Final = "turn"


@contextmanager
def exclusive(root: Path, command: str) -> Generator[None]:
    """Let nobody else into this block for the same `root`; LocalError if somebody is in it.

    The system lifts the lock when its holder ends, however that ends.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / _FILE).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another command"
            raise LocalError(
                f"{holder} is at work on this local cloud. Wait until it ends, then run: {command}"
            ) from None
        file.truncate(0)
        file.write(f"`{command}` (pid {os.getpid()})")
        file.flush()
        yield
