"""The queue between the sockets, which bring prices, and the user's loop, which takes them."""

import asyncio
from collections import deque
from dataclasses import replace
from typing import Final

from .paths import Delivery
from .update import Price

# Some seconds of a busy token.
CAPACITY: Final = 1_000


class PriceQueue:
    """Prices not yet taken: at most CAPACITY, or with "latest" the newest alone.

    Who may let the sender wait does so until there is room, and loses none. Others put a price in place
    of the oldest one, and the next one says how many were left out.
    """

    def __init__(self, delivery: Delivery) -> None:
        self._capacity = 1 if delivery == "latest" else CAPACITY
        self._prices: deque[Price] = deque()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._has_news = asyncio.Event()
        self._is_ended = False
        self._error: Exception | None = None

    async def wait_for_room(self) -> None:
        """Wait until there is room: with "latest" there always is."""
        if self._capacity > 1:
            await self._has_room.wait()

    def put(self, price: Price) -> None:
        """Add a price, whether there is room or not."""
        self._prices.append(price)
        self._has_news.set()
        if len(self._prices) >= self._capacity:
            self._has_room.clear()

    def put_over_old(self, price: Price) -> None:
        """Add a price, and leave out the oldest one for which there is no room."""
        self.put(price)
        while len(self._prices) > self._capacity:
            skipped = self._prices.popleft().skipped + 1
            first = self._prices[0]
            self._prices[0] = replace(first, skipped=first.skipped + skipped)

    def end(self, error: Exception | None) -> None:
        """No more prices will come; `error` says why, None if the user wanted it. The first end counts."""
        if not self._is_ended:
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
        price = self._prices.popleft()
        if len(self._prices) < self._capacity:
            self._has_room.set()
        return price
