"""Virtual time: nothing waits for real. virtual_time.js is the same for JavaScript."""

import asyncio
import selectors
from collections.abc import Callable
from contextvars import Context
from itertools import count
from typing import Any, Self


class _Moment(float):
    """A time. Of two that are the same, the one that was made first comes first: asyncio's own loop does
    not keep the order of what is due at the same time."""

    order: int

    def __new__(cls, time: float, order: int) -> Self:
        moment = super().__new__(cls, time)
        moment.order = order
        return moment

    def __lt__(self, other: float) -> bool:
        if isinstance(other, _Moment):
            return (float(self), self.order) < (float(other), other.order)
        return float(self) < other


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for `timeout`, lets that time pass at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everything waits, and nothing is due"
        self.now += max(timeout, 0.0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps from one moment to the next at which something is due."""

    def __init__(self) -> None:
        self._virtual = _JumpingSelector()
        self._order = count()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        moment = _Moment(when, next(self._order))
        return super().call_at(moment, callback, *args, context=context)

    def sleep_device(self, seconds: float) -> None:
        """Let time pass in which nothing runs: what was due meanwhile is late."""
        self._virtual.now += seconds
