"""The number of users from which on something is different. Pure."""

from collections.abc import Callable
from typing import Final

MAX_USERS: Final = 100_000_000
"""Where a search ends: more than any trading app has."""


def last_number(holds: Callable[[int], bool], end: int) -> int:
    """The last number below `end` for which `holds` is true; 0 if it is false for 1.

    Once it is false, it stays so.
    """
    low, high = 0, end
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low
