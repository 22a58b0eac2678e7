"""Ports of this machine."""

import socket
from typing import Final

LOOPBACK: Final = "127.0.0.1"


def accepts(port: int) -> bool:
    """Tell whether something listens at `port` of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0
