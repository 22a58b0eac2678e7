"""The deadline of a request: its caller is answered by then, whatever the calls it makes are doing.

It belongs to a context, so that it reaches the threads and the loop in which those calls are made,
and the events of botocore. Code that works for no request has no deadline.
"""

import math
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Deadline:
    """`ends_at` is on `clock`, which never goes back."""

    ends_at: float
    clock: Callable[[], float] = time.monotonic

    @property
    def seconds_left(self) -> float:
        """Zero when it is spent."""
        return max(0.0, self.ends_at - self.clock())


_deadline: Final[ContextVar[Deadline | None]] = ContextVar("deadline", default=None)


def seconds_left() -> float:
    """What is left of the deadline of the request that this code works for; infinite without one."""
    found = _deadline.get()
    return math.inf if found is None else found.seconds_left


@contextmanager
def deadline(seconds: float, *, clock: Callable[[], float] = time.monotonic) -> Generator[None]:
    """The block works for a request that is answered within `seconds` from now."""
    token = _deadline.set(Deadline(clock() + seconds, clock))
    try:
        yield
    finally:
        _deadline.reset(token)
