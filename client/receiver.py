"""One token: takes what its sockets bring, reads what they left out, and hands over each price once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from .backoff import Backoff
from .errors import Refused, Unreachable
from .memory import Memory, Span
from .paths import Delivery
from .rest import RestApi
from .scope import Scope
from .update import Price, Update, id_at, place_of, read_from

# While a gap is being filled, live updates wait, so that trades come in order: so long, so many.
FILL_FIRST_SECONDS: Final = 5.0
HELD_UPDATES: Final = 1_000


@dataclass
class Wishes:
    """What all who follow the token want together: "all" if one of them does, and the greatest `max_fill`."""

    delivery: Delivery = "latest"
    max_fill: int = 0


class Receiver:
    """Calls `take` with each price, once.

    Spans of ids that are still to be read are called "owed". At most `max_fill` prices are read in one
    go; then `skip` is called with a reason, as where the stack refuses the read, and only the newest
    price is read. The next page is read when `wait_for_room` returns.
    """

    def __init__(
        self,
        token: str,
        rest: RestApi,
        wishes: Wishes,
        scope: Scope,
        *,
        take: Callable[[Price], None],
        skip: Callable[[str], None],
        wait_for_room: Callable[[], Awaitable[None]],
    ) -> None:
        self._token = token
        self._rest = rest
        self._wishes = wishes
        self._scope = scope
        self._take = take
        self._skip = skip
        self._wait_for_room = wait_for_room
        self._memory = Memory()
        self._backoff = Backoff(scope.host.random)
        self._last_on: dict[str, str] = {}  # path → the last id that it delivered, repeats included
        # The cursor of a client that was connected and has received nothing, because the token was
        # quiet: when it had asked where to connect. Everything since then must be delivered.
        self._served_from: str | None = None
        self._held: list[Update] = []
        self._is_holding = False
        self._cancel_release: Callable[[], None] = _nothing
        self._is_reading = False

    @property
    def delivery(self) -> Delivery:
        return self._wishes.delivery

    def cursor(self, path: str) -> str | None:
        """The id after which `path` must go on; None if nothing is known."""
        last = self._last_on.get(path) or self._memory.cursor_on_another_path()
        return last or self._served_from

    def serve_from(self, path: str, asked_at: int | None) -> None:
        """From now on `path` delivers, and alone. `asked_at` is when the place was asked for."""
        if self._served_from is None and asked_at is not None:
            self._served_from = id_at(asked_at)
        self._stay_on(path)

    def take(self, path: str, update: Update) -> None:
        """Take what `path` has delivered; hold it while a gap before it is being filled."""
        self._last_on[path] = update.id
        self._held.append(update)
        if not self._is_holding or len(self._held) > HELD_UPDATES:
            self._release()

    def miss(self, after: str | None) -> None:
        """Read what a path has left out. None: it knows nothing of before."""
        self._owe(self._memory.gap_start(after))

    def poll(self) -> None:
        """Read what has come since the newest price, or since a path served first; none does now."""
        self._stay_on(None)
        self._owe(self._memory.newest_id or self._served_from)

    def _stay_on(self, path: str | None) -> None:
        """Only `path` delivers now, so the last ids of others become too old to be their cursors."""
        self._last_on = {name: id_ for name, id_ in self._last_on.items() if name == path}

    def _owe(self, start: str | None) -> None:
        wants_newest_alone = start is None or self.delivery == "latest"
        self._memory.owe(Span(None if wants_newest_alone else read_from(start or "")))
        if not self._is_reading:
            self._is_reading = self._is_holding = True
            self._cancel_release = self._scope.later(FILL_FIRST_SECONDS, self._release)
            self._scope.start(self._read_all())

    async def _read_all(self) -> None:
        prices_read = 0
        while (span := self._memory.owed) is not None:
            max_fill = self._wishes.max_fill
            if span.after is not None and prices_read >= max_fill:
                self._leave_out(f"more than {max_fill} prices were missed")
                continue
            try:
                prices_read += await self._read(span)
            except Refused as refusal:
                self._leave_out(f"missed prices are lost: {refusal}")
            except Unreachable:
                await asyncio.sleep(self._backoff.next_seconds())
            else:
                self._backoff.begin_again()
                await self._wait_for_room()
        self._is_reading = False
        self._release()

    async def _read(self, span: Span) -> int:
        """Read the first page of `span`; what is left stays owed. Returns how many it has."""
        if span.after is None:
            newest = await self._rest.newest(self._token)
            updates, rest = [] if newest is None else [newest], None
        else:
            page = await self._rest.page(self._token, span.after)
            updates = page.updates
            rest = None if page.next is None else Span(page.next)
        self._fill(updates)
        self._memory.settle(span, rest)
        return len(updates)

    def _leave_out(self, reason: str) -> None:
        self._memory.leave_out()
        self._skip(reason)

    def _fill(self, page: Sequence[Update]) -> None:
        """Hand over a page, and what was held of that time."""
        last = place_of(page[-1].id) if page else ""
        due = [update for update in self._held if place_of(update.id) <= last]
        self._held = [update for update in self._held if place_of(update.id) > last]
        self._hand_over([*page, *due])

    def _release(self) -> None:
        """Hold live updates back no longer."""
        self._cancel_release()
        self._is_holding = False
        held, self._held = self._held, []
        self._hand_over(held)

    def _hand_over(self, updates: Sequence[Update]) -> None:
        # Inside a slot the order in which they came stays.
        for update in sorted(updates, key=lambda update: place_of(update.id)):
            price = self._memory.admit(update, self._scope.host.now)
            if price is not None:
                self._take(price)


def _nothing() -> None:
    """Nothing is held."""
