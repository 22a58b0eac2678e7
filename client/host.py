"""What the library takes from its surroundings. The scenarios put virtual time and sockets in its place."""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from .socket import OpenSocket, open_socket

LOG: Final = logging.getLogger("glow")


class Tasks:
    """Tasks that are waited for together. One that fails, which is a mistake of ours, calls `fail`."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self.fail: Callable[[Exception], None] | None = None

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._note_end)
        return task

    async def end(self) -> None:
        """Cancel all, and wait for their ends. One that calls this goes on."""
        others = self._tasks - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others)

    def _note_end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception) and self.fail is not None:
            self.fail(error)


@dataclass(frozen=True)
class Host:
    """`random` yields numbers from 0 to 1."""

    open_socket: OpenSocket = open_socket
    random: Callable[[], float] = random.random
    tasks: Tasks = field(default_factory=Tasks)

    @property
    def now(self) -> float:
        """Seconds of a clock that never goes back."""
        return asyncio.get_running_loop().time()


def tell(callback: Callable[..., object] | None, *said: object) -> None:
    """Call the app. If that fails, the loop's exception handler is told, and the stream goes on."""
    if callback is None:
        return
    try:
        callback(*said)
    except Exception as error:  # noqa: BLE001 - the app's
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"glow: {callback!r} failed", "exception": error}
        )
