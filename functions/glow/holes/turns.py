"""Whose turn it is: a run looks at a few addresses, so that what a node is asked for is bounded. Pure."""

from collections.abc import Sequence
from typing import Final

ADDRESSES_A_RUN: Final = 10


def in_turn(addresses: Sequence[str], *, now: float, every_seconds: int) -> Sequence[str]:
    """Those that a run at `now` looks at, where one runs `every_seconds`. The clock says whose turn it is,
    so no run has to tell the next one."""
    count = len(addresses)
    if count <= ADDRESSES_A_RUN:
        return addresses
    start = int(now // every_seconds) * ADDRESSES_A_RUN
    return [addresses[(start + index) % count] for index in range(ADDRESSES_A_RUN)]


def turn_seconds(addresses: int, *, every_seconds: int) -> int:
    """How long it takes until each of so many addresses was looked at."""
    return max(1, -(-addresses // ADDRESSES_A_RUN)) * every_seconds
