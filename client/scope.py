"""Timers and tasks that can be ended together."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from .host import Host


class Scope:
    def __init__(self, host: Host) -> None:
        self.host = host
        self.is_over = False
        self._timers: set[asyncio.Handle] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def later(self, seconds: float, act: Callable[[], object]) -> Callable[[], None]:
        """Call `act` then, unless this ends before; what is returned cancels it."""
        if self.is_over:
            return _nothing
        loop = asyncio.get_running_loop()

        def fire() -> None:
            cancel()
            act()

        # The loop does not keep the order of timers that are due at the same time.
        timer = loop.call_later(seconds, fire) if seconds > 0 else loop.call_soon(fire)
        self._timers.add(timer)

        def cancel() -> None:
            timer.cancel()
            self._timers.discard(timer)

        return cancel

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.host.tasks.start(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def end(self) -> None:
        self.is_over = True
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()


def _nothing() -> None:
    """There is no timer to cancel."""
