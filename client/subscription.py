"""The public API: `subscribe`, and the subscription with its prices and its state."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final, Self

import httpx

from client.connector import Connector
from client.options import MAX_FILL, check_options
from client.paths import Delivery
from client.price_queue import PriceQueue
from client.receiver import Receiver
from client.rest import TIMEOUT_SECONDS, RestApi
from client.socket import OpenSocket, open_socket
from client.state import State, StateName
from client.update import Price

_LOG: Final = logging.getLogger("glow")


@asynccontextmanager
async def subscribe(
    token: str,
    *,
    api: str,
    region: str | None = None,
    delivery: Delivery = "all",
    max_fill: int = MAX_FILL,
    on_state: Callable[[State], None] | None = None,
) -> AsyncGenerator["Subscription"]:
    """Receive the prices of `token` while the block runs, each trade exactly once.

    `api` is the stack's output RestApiUrl. `region` is the client's AWS region; the stack may choose
    the path by it. With `delivery="latest"` each price is newer than the one before, and a slow loop
    skips prices. At most `max_fill` missed prices are read for one gap; then `on_state` says so, and
    the newest price comes. The loop ends with `close()`, and raises Refused if the stack refuses the
    client. Without `on_state`, a failure that lasts is logged (logger "glow"). Raises ValueError if
    an option is wrong.
    """
    check_options(token, api, delivery, max_fill)
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as http:
        rest = RestApi(http, api, token, region)
        subscription = Subscription(
            token, rest, delivery=delivery, max_fill=max_fill, on_state=on_state
        )
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
        *,
        delivery: Delivery,
        max_fill: int,
        on_state: Callable[[State], None] | None,
        open_socket: OpenSocket = open_socket,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._token = token
        self._on_state = on_state
        self._state = State("connecting", None, "")
        self._queue = PriceQueue(wants_latest=delivery == "latest")
        self._receiver = Receiver(
            rest,
            self._queue,
            delivery=delivery,
            max_fill=max_fill,
            skip=self._tell_skip,
            random=random,
        )
        self._connector = Connector(
            token,
            rest,
            self._receiver,
            delivery=delivery,
            show=self._show,
            warn=self._warn,
            open_socket=open_socket,
            random=random,
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

    def wake(self) -> None:
        """Look at once whether the connection lives: the device woke up, or its network changed."""
        self._connector.wake()

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
        if is_news:
            self._tell(shown)

    def _tell(self, state: State) -> None:
        if self._on_state is not None:
            self._on_state(state)

    def _tell_skip(self, reason: str) -> None:
        self._state = replace(self._state, reason=reason)
        self._tell(self._state)

    def _warn(self, reason: str) -> None:
        """Log what lasts, if the user has not asked to be told."""
        if self._on_state is None:
            _LOG.warning("%s: %s", self._token, reason)
