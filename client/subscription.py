"""The public API: `subscribe`, and the subscription with its prices and its state."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Self

import httpx

from client.connector import Connector
from client.paths import Delivery
from client.price_queue import PriceQueue
from client.receiver import Receiver
from client.rest import TIMEOUT_SECONDS, RestApi
from client.state import State, StateName
from client.update import Price


@asynccontextmanager
async def subscribe(
    token: str,
    *,
    api: str,
    region: str | None = None,
    delivery: Delivery = "all",
    on_state: Callable[[State], None] | None = None,
) -> AsyncGenerator["Subscription"]:
    """Receive the prices of `token` while the block runs, each trade exactly once.

    `api` is the stack's output RestApiUrl. `region` is the client's AWS region; the stack may choose
    the path by it. With `delivery="latest"` each price is newer than the one before, and a slow loop
    skips prices. The loop ends with `close()`, and raises Refused if the stack refuses the client.
    """
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as http:
        rest = RestApi(http, api, token, region)
        subscription = Subscription(token, rest, delivery, on_state)
        try:
            yield subscription
        finally:
            await subscription.close()


class Subscription:
    """The prices of one token. Made by `subscribe`."""

    def __init__(
        self,
        token: str,
        rest: RestApi,
        delivery: Delivery,
        on_state: Callable[[State], None] | None,
    ) -> None:
        self._on_state = on_state
        self._state = State("connecting", None, "")
        self._queue = PriceQueue(wants_latest=delivery == "latest")
        self._receiver = Receiver(rest, self._queue, delivery=delivery, random=random.random)
        self._connector = Connector(
            token, rest, self._receiver, delivery=delivery, show=self._show, random=random.random
        )
        self._task = asyncio.create_task(self._run())

    @property
    def state(self) -> State:
        """The current state."""
        return self._state

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Price:
        price = await self._queue.take()
        if price is None:
            raise StopAsyncIteration
        return price

    async def close(self) -> None:
        """End the subscription. Prices already received can still be iterated."""
        self._task.cancel()
        await asyncio.wait({self._task})
        self._end(None)

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._receiver.run())
                await self._connector.run(tasks)
        except* Exception as errors:  # noqa: BLE001 - raised to the user by __anext__
            self._end(errors.exceptions[0])

    def _end(self, error: Exception | None) -> None:
        if self._state.state != "closed":
            self._queue.end(error)
            self._show("closed", "closed" if error is None else str(error))

    def _show(self, state: StateName, reason: str, path: str | None = None) -> None:
        shown = State(state, path or self._state.path, reason)
        is_news = (shown.state, shown.path) != (self._state.state, self._state.path)
        self._state = shown
        if is_news and self._on_state is not None:
            self._on_state(shown)
