"""The queue between the sockets, which bring prices, and the user's loop, which takes them."""

import asyncio
from collections import deque
from typing import Final

from client.update import Price

# Some seconds of a busy token. While the queue is full, the sockets are not read. The server then
# stops sending and at last closes the connection; the next one resumes where this client stopped.
CAPACITY: Final = 1_000


class PriceQueue:
    """Prices not yet taken: at most CAPACITY, or only the newest with `wants_latest`."""

    def __init__(self, *, wants_latest: bool) -> None:
        self._wants_latest = wants_latest
        self._prices: deque[Price] = deque(maxlen=1 if wants_latest else None)
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._has_news = asyncio.Event()
        self._is_ended = False
        self._error: Exception | None = None

    async def wait_for_room(self) -> None:
        """Wait until there is room. The caller may then `put` one price, before its next await."""
        while not self._has_room.is_set():
            await self._has_room.wait()

    def put(self, price: Price) -> None:
        self._prices.append(price)
        self._has_news.set()
        if not self._wants_latest and len(self._prices) >= CAPACITY:
            self._has_room.clear()

    def end(self, error: Exception | None) -> None:
        """No more prices will come; `error` says why, None if the user closed the subscription."""
        self._is_ended, self._error = True, error
        self._has_news.set()

    async def take(self) -> Price | None:
        """The next price; None at the end. After the last price, raises the error given to `end`."""
        while not self._prices:
            if self._error is not None:
                raise self._error
            if self._is_ended:
                return None
            self._has_news.clear()
            await self._has_news.wait()
        self._has_room.set()
        return self._prices.popleft()
