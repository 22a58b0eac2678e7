"""One token, with a socket of its own: `subscribe`, and the subscription with its prices and its state."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Self

import httpx

from .access import GetToken
from .feed import Feed
from .host import Host
from .options import MAX_FILL, check_stack, check_wishes
from .paths import Delivery
from .price_queue import PriceQueue
from .rest import TIMEOUT_SECONDS
from .state import State
from .update import Price, Update


@asynccontextmanager
async def subscribe(
    token: str,
    *,
    api: str,
    region: str | None = None,
    get_token: GetToken | None = None,
    delivery: Delivery = "all",
    max_fill: int = MAX_FILL,
    on_state: Callable[[State], None] | None = None,
) -> AsyncGenerator["Subscription"]:
    """Receive the prices of `token` while the block runs, each trade exactly once.

    `api` is the stack's output RestApiUrl. `region` is the client's AWS region; the stack may choose
    the path by it. `get_token` is as in `connect`. With `delivery="latest"` each price is newer than
    the one before, and a slow loop skips prices. At most `max_fill` missed prices are read for one gap;
    then `on_state` says so, and the newest price comes. The loop ends with `close()`, and raises Refused
    if the stack refuses the client. Without `on_state`, a failure that lasts is logged (logger "glow").
    Raises ValueError if an option is wrong.
    """
    check_stack(api, get_token)
    check_wishes(token, delivery, max_fill, on_state=on_state)
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as http:
        subscription = Subscription(
            token,
            http,
            api,
            region=region,
            get_token=get_token,
            delivery=delivery,
            max_fill=max_fill,
            on_state=on_state,
        )
        try:
            yield subscription
        finally:
            await subscription.close()


class Subscription:
    """The prices of one token. Made by `subscribe`.

    While a slow loop leaves 1,000 prices untaken, the socket is not read. The server then stops sending
    and at last closes the connection; the next one resumes where this client stopped.
    """

    def __init__(
        self,
        token: str,
        http: httpx.AsyncClient,
        api: str,
        *,
        region: str | None,
        get_token: GetToken | None,
        delivery: Delivery,
        max_fill: int,
        on_state: Callable[[State], None] | None,
        host: Host | None = None,
    ) -> None:
        self._queue = PriceQueue(delivery)
        self._feed = Feed(
            http,
            api,
            region=region,
            get_token=get_token,
            host=host,
            is_shared=False,
            wait_for_room=self._queue.wait_for_room,
        )
        self._following = self._feed.subscribe(
            token,
            on_price=self._queue.put_over_old if delivery == "latest" else self._queue.put,
            on_state=on_state,
            on_error=self._queue.end,
            delivery=delivery,
            max_fill=max_fill,
        )

    @property
    def token(self) -> str:
        return self._following.token

    @property
    def state(self) -> State:
        """The current state."""
        return self._following.state

    @property
    def newest(self) -> Update | None:
        """The newest price that has come; None if there is none yet."""
        return self._following.newest

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Price:
        price = await self._queue.take()
        if price is None:
            raise StopAsyncIteration
        return price

    def wake(self) -> None:
        """Look at once whether the connection lives: the device woke up, or its network changed."""
        self._feed.wake()

    async def close(self) -> None:
        """End the subscription. Prices already received can still be iterated."""
        await self._feed.close()
        self._queue.end(None)
