"""A subscription, as its user holds it: prices to iterate, a state, an end."""

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
    """Receive the prices of `token` as long as the block lasts, each trade exactly once.

    `api` is the stack's output RestApiUrl; `region`, an AWS region, may decide the path. With
    `delivery="latest"` only rising prices come, and what the loop was too slow for is skipped.
    The loop ends with `close()`, and raises Refused when the stack does not want the client.
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
        """What it is doing now."""
        return self._state

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Price:
        price = await self._queue.take()
        if price is None:
            raise StopAsyncIteration
        return price

    async def close(self) -> None:
        """End it: what was received can still be iterated."""
        self._task.cancel()
        await asyncio.wait({self._task})
        self._end(None)

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._receiver.run())
                await self._connector.run(tasks)
        except* Exception as errors:  # noqa: BLE001 - heard where the prices are
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
