"""The feed on a hub: the Worker in real workerd, with a table and AWS beside it (hub_stack.js)."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from client import Feed, Price, connect
from local.toolchain.node import NODE

SCRIPT = Path(__file__).with_name("hub_stack.js")
PATIENCE_SECONDS = 60


class HubStack:
    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self.url = url
        self._process = process

    async def do(self, what: str, **command: Any) -> None:
        """Have it do a command, and wait until it has."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"does": what, **command}).encode() + b"\n")
        assert await _line(self._process) == "done"


class App:
    """Follows tokens on one feed; `slots` are those of the prices of each, in order."""

    def __init__(self, feed: Feed, tokens: list[str]) -> None:
        self.slots: defaultdict[str, list[int | None]] = defaultdict(list)
        self._feed = feed
        self._tokens = tokens
        self._news = asyncio.Event()
        for token in tokens:
            feed.subscribe(token, on_price=self._take, on_state=lambda _: self._news.set())

    async def is_live(self) -> None:
        await self._until(lambda: self._feed.state.state == "live")

    async def has(self, count: int) -> None:
        await self._until(lambda: all(len(self.slots[each]) >= count for each in self._tokens))

    async def is_on_both_paths(self) -> None:
        """Wait until a token is served on another path than the others."""
        await self._until(lambda: (self._feed.state.state, self._feed.state.path) == ("live", None))

    def _take(self, price: Price) -> None:
        self.slots[price.update.token].append(price.update.slot)
        self._news.set()

    async def _until(self, is_so: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not is_so():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{self._feed.state}, {dict(self.slots)}") from None


@pytest.fixture
async def hub_stack() -> AsyncIterator[HubStack]:
    process = await asyncio.create_subprocess_exec(
        *(NODE, SCRIPT), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    yield HubStack(process, await _line(process))
    assert process.stdin is not None
    process.stdin.close()
    await process.wait()


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        return (await process.stdout.readline()).decode().strip()


async def test_hundred_tokens_come_through_a_hub_that_is_reset_and_a_move_of_one(
    hub_stack: HubStack,
) -> None:
    tokens = [f"HUB_{number}" for number in range(100)]
    async with connect(api=hub_stack.url) as feed:
        app = App(feed, tokens)
        await app.is_live()
        await hub_stack.do("publish", tokens=tokens, numbers=[1])
        await app.has(1)

        await hub_stack.do("crash")
        await hub_stack.do("publish", tokens=tokens, numbers=[2, 3])
        await app.has(3)

        await hub_stack.do("move", token=tokens[0])
        await hub_stack.do("publish", tokens=tokens, numbers=[4])
        await app.has(4)
        await app.is_on_both_paths()
        await hub_stack.do("publish", tokens=tokens, numbers=[5])
        await app.has(5)

    assert app.slots == {token: [1, 2, 3, 4, 5] for token in tokens}
