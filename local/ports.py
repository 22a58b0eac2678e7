"""The ports of a local cloud: kept from start to start, and never taken from somebody else."""

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import psutil

from workspace.ports import LOOPBACK


@dataclass(frozen=True)
class Ports:
    """Ports by name, kept in `file`. `wanted` names those that a user expects; 0 is any free one."""

    file: Path
    wanted: Mapping[str, int]

    def __getitem__(self, name: str) -> int:
        return self._kept()[name]

    def settle(self, name: str) -> str | None:
        """Keep a free port for `name`: that of last time, else the wanted one, else any.

        Another port than expected does no harm, for all URLs are made from what is kept here, and
        an emulator of another project may go on. It is told in the sentence that is returned.
        """
        kept = self._kept() if self.file.exists() else {}
        wanted = self.wanted.get(name, 0)
        expected = kept.get(name, 0) or wanted
        free = (port for port in (expected, wanted) if port and _is_free(port))
        port = next(free, None) or _any_free_port()
        if kept.get(name) != port:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(json.dumps(kept | {name: port}))
        if name not in self.wanted or expected in {0, port}:
            return None
        return (
            f"port {expected} is taken by {_holder(expected)}: {name} uses {port} from now on"
            " (for another one: end that program, then make reset up)"
        )

    def _kept(self) -> dict[str, int]:
        return cast("dict[str, int]", json.loads(self.file.read_text()))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def _any_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return cast("int", probe.getsockname()[1])


def _holder(port: int) -> str:
    """Name the program that listens on `port`, as far as the system tells it to this user."""
    try:
        pids = [
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and port in connection.laddr
        ]
        process = psutil.Process(next(pid for pid in pids if pid))
        return f"{process.name()} (pid {process.pid})"
    except (StopIteration, psutil.Error):
        return "another program"
