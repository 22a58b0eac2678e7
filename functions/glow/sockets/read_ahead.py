"""Pages that a blocking client reads, and whose items many tasks take."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")


class ReadAhead(Generic[Item]):
    """An asynchronous iterator that tasks may share; while a page is used, the next is read.

    A failed read is raised to every task that asks for more.
    """

    def __init__(self, pages: Iterator[Sequence[Item]]) -> None:
        self._pages = pages
        self._items: Iterator[Item] = iter(())
        self._next_page = self._start_reading()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        while True:
            for item in self._items:
                return item
            next_page = self._next_page
            page = await next_page
            if page is None:
                raise StopAsyncIteration
            if next_page is self._next_page:  # otherwise another task that waited was first
                self._items = iter(page)
                self._next_page = self._start_reading()

    def _start_reading(self) -> asyncio.Future[Sequence[Item] | None]:
        return asyncio.get_running_loop().run_in_executor(None, next, self._pages, None)
