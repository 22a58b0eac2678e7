"""An event loop in a thread of its own, with the connections of each client that runs in it."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Final, Self, TypeVar

Result = TypeVar("Result")

_owner: ContextVar[object] = ContextVar("owner", default=None)


class _Loop(asyncio.SelectorEventLoop):
    """Notes for whom each connection was made."""

    def __init__(self) -> None:
        super().__init__()
        self.transports: Final[defaultdict[object, list[asyncio.Transport]]] = defaultdict(list)

    async def create_connection(self, *args: Any, **options: Any) -> Any:
        transport, protocol = await super().create_connection(*args, **options)
        self.transports[_owner.get()].append(transport)
        return transport, protocol


class Network:
    """Runs clients while a test does something else, and breaks their connections."""

    def __init__(self) -> None:
        self._loop = _Loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, Result], *, owner: object = None) -> Result:
        """The result of `work`; the connections that it makes are `owner`'s."""

        async def run() -> Result:
            _owner.set(owner)
            return await work

        running: Future[Result] = asyncio.run_coroutine_threadsafe(run(), self._loop)
        return running.result()

    def drop(self, owner: object) -> None:
        """Break its connections, as a network does: without a word to either side."""
        self._on_each(owner, lambda transport: transport.abort())

    def stall(self, owner: object) -> None:
        """Read nothing more from its connections."""
        self._on_each(owner, lambda transport: transport.pause_reading())

    def resume(self, owner: object) -> None:
        """Read them again."""
        self._on_each(owner, lambda transport: transport.resume_reading())

    def _on_each(self, owner: object, act: Callable[[asyncio.Transport], None]) -> None:
        async def act_on_each() -> None:
            transports = self._loop.transports[owner]
            transports[:] = [each for each in transports if not each.is_closing()]
            for transport in transports:
                act(transport)

        self.run(act_on_each())
