"""Takes updates from the sockets and from the REST API, and passes each trade on once."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from typing import Final

from client.backoff import Backoff
from client.errors import Unreachable
from client.memory import Memory, Span
from client.paths import Delivery
from client.price_queue import PriceQueue
from client.rest import RestApi
from client.update import Update, read_from

# While a gap is being filled, live updates wait at most this long, so that trades come in order.
FILL_FIRST_SECONDS: Final = 5.0


class Receiver:
    """Puts new updates into the queue and reads missing ones from the REST API.

    Spans of ids that are still to be read are called "owed".
    """

    def __init__(
        self, rest: RestApi, queue: PriceQueue, *, delivery: Delivery, random: Callable[[], float]
    ) -> None:
        self._rest = rest
        self._queue = queue
        self._wants_latest = delivery == "latest"
        self._memory = Memory(wants_latest=self._wants_latest)
        self._backoff = Backoff(random)
        self._clock = asyncio.get_running_loop().time
        self._gap_is_owed = asyncio.Event()
        self._all_is_read = asyncio.Event()
        self._all_is_read.set()
        self._live_goes_on_at = 0.0

    async def take(self, update: Update) -> None:
        """Take an update from a socket; wait first while a gap before it is being filled."""
        if not self._all_is_read.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._live_goes_on_at):
                    await self._all_is_read.wait()
        await self._admit(update)

    def owe(self, span: Span) -> None:
        """Start reading `span` from the REST API; `run` does it."""
        if self._all_is_read.is_set():
            self._live_goes_on_at = self._clock() + FILL_FIRST_SECONDS
        self._memory.owe(span)
        self._all_is_read.clear()
        self._gap_is_owed.set()

    def owe_news(self) -> None:
        """Start reading everything that was stored since the newest price."""
        newest = self._memory.newest_id
        self.owe(Span(None if newest is None else read_from(newest)))

    def cursor_on_another_path(self) -> str | None:
        """The id after which another path must continue; None if nothing was received."""
        return self._memory.cursor_on_another_path(self._clock())

    async def run(self) -> None:
        """Read what is owed, whenever there is something. Never returns."""
        while True:
            await self._gap_is_owed.wait()
            self._gap_is_owed.clear()
            while (span := self._memory.owed) is not None:
                try:
                    await self._read(span)
                except Unreachable:
                    await asyncio.sleep(self._backoff.next_seconds())
                else:
                    self._memory.settle(span)
                    self._backoff.begin_again()
            self._all_is_read.set()

    async def _read(self, span: Span) -> None:
        if span.after is None or self._wants_latest:
            newest = await self._rest.newest()
            if newest is not None:
                await self._admit(newest)
            return
        async with aclosing(self._rest.pages(span.after, span.until)) as pages:
            async for page in pages:
                for update in page:
                    await self._admit(update)

    async def _admit(self, update: Update) -> None:
        # Wait before noting the update: if this task is cancelled here, the update was not passed on.
        await self._queue.wait_for_room()
        price = self._memory.admit(update, self._clock())
        if price is not None:
            self._queue.put(price)
