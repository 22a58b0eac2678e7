"""Takes updates from the sockets and from the REST API, and passes each trade on once."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from client.backoff import Backoff
from client.errors import Refused, Unreachable
from client.memory import Memory, Span
from client.paths import Delivery
from client.price_queue import PriceQueue
from client.rest import RestApi
from client.update import Update, read_from

# While a gap is being filled, live updates wait at most this long, so that trades come in order.
FILL_FIRST_SECONDS: Final = 5.0


class Receiver:
    """Puts new updates into the queue and reads missing ones from the REST API.

    Spans of ids that are still to be read are called "owed". At most `max_fill` prices are read in
    one go; then `skip` is called with a reason, as where the stack refuses the read, and only the
    newest price is read.
    """

    def __init__(
        self,
        rest: RestApi,
        queue: PriceQueue,
        *,
        delivery: Delivery,
        max_fill: int,
        skip: Callable[[str], None],
        random: Callable[[], float],
    ) -> None:
        self._rest = rest
        self._queue = queue
        self._wants_latest = delivery == "latest"
        self._max_fill = max_fill
        self._skip = skip
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

    def miss(self, after: str | None) -> None:
        """Start reading what a path has left out; `run` does it."""
        start = self._memory.gap_start(after)
        self._owe(Span(start and read_from(start)))

    def owe_news(self) -> None:
        """Start reading everything that was stored since the newest price."""
        self.miss(None)

    def cursor_on_another_path(self) -> str | None:
        """The id after which another path must continue; None if nothing was received."""
        return self._memory.cursor_on_another_path()

    async def run(self) -> None:
        """Read what is owed, whenever there is something. Never returns."""
        while True:
            await self._gap_is_owed.wait()
            self._gap_is_owed.clear()
            await self._read_all()
            self._all_is_read.set()

    def _owe(self, span: Span) -> None:
        if self._all_is_read.is_set():
            self._live_goes_on_at = self._clock() + FILL_FIRST_SECONDS
        self._memory.owe(Span(None) if self._wants_latest else span)
        self._all_is_read.clear()
        self._gap_is_owed.set()

    async def _read_all(self) -> None:
        prices_read = 0
        while (span := self._memory.owed) is not None:
            if span.after is not None and prices_read >= self._max_fill:
                self._leave_out(f"more than {self._max_fill} prices were missed")
                continue
            try:
                prices_read += await self._read(span)
            except Refused as refusal:
                self._leave_out(f"missed prices are lost: {refusal}")
            except Unreachable:
                await asyncio.sleep(self._backoff.next_seconds())
            else:
                self._backoff.begin_again()

    async def _read(self, span: Span) -> int:
        """Read the first page of `span`; what is left stays owed. Returns how many it has."""
        if span.after is None:
            newest = await self._rest.newest()
            updates, rest = [] if newest is None else [newest], None
        else:
            page = await self._rest.page(span.after)
            updates = page.updates
            rest = None if page.next is None else Span(page.next)
        for update in updates:
            await self._admit(update)
        self._memory.settle(span, rest)
        return len(updates)

    def _leave_out(self, reason: str) -> None:
        self._memory.leave_out()
        self._skip(reason)

    async def _admit(self, update: Update) -> None:
        # Wait before noting the update: if this task is cancelled here, the update was not passed on.
        await self._queue.wait_for_room()
        price = self._memory.admit(update, self._clock())
        if price is not None:
            self._queue.put(price)
