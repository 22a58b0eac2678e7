"""A user of the client who records everything received."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from client import Price, Refused, State, Subscription, subscribe
from client.paths import Delivery
from tests.client.stack import Stack
from tests.client.trades import TOKEN


class Listener:
    """`prices` and `states` are in order of arrival; `refusal` is the error that ended the loop."""

    def __init__(self) -> None:
        self.prices: list[Price] = []
        self.states: list[State] = []
        self.refusal: Refused | None = None
        self._news = asyncio.Event()

    @property
    def ids(self) -> list[str]:
        return [price.update.id for price in self.prices]

    def note_state(self, state: State) -> None:
        self.states.append(state)
        self._news.set()

    async def listen(self, subscription: Subscription) -> None:
        try:
            async for price in subscription:
                self.prices.append(price)
                self._news.set()
        except Refused as refusal:
            self.refusal = refusal
            self._news.set()

    async def hears(self, ids: list[str]) -> None:
        """Wait until all these ids have come."""
        await self._wait(lambda: set(ids) <= set(self.ids), f"{ids}")

    async def shows(self, *shown: str) -> None:
        """Wait until the last state is one of these."""
        await self._wait(lambda: bool(self.states) and self.states[-1].state in shown, f"{shown}")

    async def is_refused(self) -> Refused:
        await self._wait(lambda: self.refusal is not None, "the end")
        assert self.refusal is not None
        return self.refusal

    async def _wait(self, is_so: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(300):
                while not is_so():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            states = [(state.state, state.path, state.reason) for state in self.states]
            raise AssertionError(f"waited for {what}; came: {self.ids}, {states}") from None


@asynccontextmanager
async def listening(
    stack: Stack, *, delivery: Delivery = "all", region: str | None = None
) -> AsyncGenerator[Listener]:
    """Subscribe a listener to the stack's token."""
    listener = Listener()
    async with subscribe(
        TOKEN, api=stack.url, delivery=delivery, region=region, on_state=listener.note_state
    ) as subscription:
        task = asyncio.create_task(listener.listen(subscription))
        yield listener
    await task
