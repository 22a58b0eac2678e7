"""The locks that the Pulumi engine keeps in a file backend, and those that it left there when it died."""

import getpass
import json
import socket
from datetime import datetime
from pathlib import Path
from typing import cast

import psutil


def clear_dead_locks(backend: Path) -> None:
    """Remove each lock of `backend` whose process is gone; all others stay.

    A killed engine leaves its lock, and every later run would be refused.
    """
    for lock in (backend / ".pulumi" / "locks").glob("**/*.json"):
        if _is_dead(lock):
            lock.unlink(missing_ok=True)
            lock.with_name(f"{lock.name}.attrs").unlink(missing_ok=True)


def _is_dead(lock: Path) -> bool:
    try:
        written = cast("dict[str, object]", json.loads(lock.read_text()))
        pid, at = int(str(written["pid"])), datetime.fromisoformat(str(written["timestamp"]))
    except (FileNotFoundError, ValueError, KeyError):  # just removed, or not of this form
        return False
    owner = (written.get("hostname"), written.get("username"))
    if owner != (socket.gethostname(), getpass.getuser()):
        return False  # its process cannot be looked for from here
    try:
        # A pid is given again: a process that is younger than the lock did not write it.
        return psutil.Process(pid).create_time() > at.timestamp()
    except psutil.NoSuchProcess:
        return True
