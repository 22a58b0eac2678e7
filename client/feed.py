"""Many tokens, over as few sockets as can be."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

import httpx

from .access import GetToken, Pass
from .candle import ChartCandle, Currency, Interval
from .chart import Chart, ChartWishes
from .connections import Connections
from .discovery import Discovery
from .errors import ClientError
from .follower import Follow, Follower
from .host import LOG, Host, tell
from .options import MAX_FILL, SHOWN_CANDLES, check_chart, check_stack, check_wishes
from .paths import Delivery
from .price_queue import PriceQueue
from .rest import TIMEOUT_SECONDS, RestApi
from .scope import Scope
from .state import State, StateName
from .stream import Stream
from .update import Price, Update

# From the best to the worst. A feed is as its worst token is.
_RANKS: Final[tuple[StateName, ...]] = ("live", "moving", "polling", "connecting", "waiting")
_IDLE: Final = State("idle", None, "")


@asynccontextmanager
async def connect(
    *,
    api: str,
    region: str | None = None,
    get_token: GetToken | None = None,
    on_state: Callable[[State], object] | None = None,
) -> AsyncGenerator["Feed"]:
    """A feed of many tokens while the block runs. It opens nothing before the first token.

    `api` is the stack's output RestApiUrl. `region` is the client's AWS region; the stack may choose
    the path by it. `get_token`, where listeners need one, gives a JWT of the app's own back end, at once
    or as an awaitable; it is called again before that one expires. `on_state` hears the state of all
    tokens together; without it, a failure that lasts is logged (logger "glow"). Raises ValueError if an
    option is wrong.
    """
    check_stack(api, get_token, on_state)
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as http:
        feed = Feed(http, api, region=region, get_token=get_token, on_state=on_state)
        try:
            yield feed
        finally:
            await feed.close()


async def always() -> None:
    """There is room for more at any time."""


class Feed:
    """Many tokens over one socket per path, however many there are (per 100 tokens). Made by `connect`."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        api: str,
        *,
        region: str | None = None,
        get_token: GetToken | None = None,
        on_state: Callable[[State], object] | None = None,
        host: Host | None = None,
        is_shared: bool = True,
        wait_for_room: Callable[[], Awaitable[None]] = always,
    ) -> None:
        self._host = host or Host()
        self._host.tasks.fail = self._fail
        self._on_state = on_state
        self._scope = Scope(self._host)
        self._streams: dict[str, Stream] = {}
        self._state = _IDLE
        self._warned: str | None = None  # what was logged last, since all was well
        access = None if get_token is None else Pass(get_token)
        rest = self._rest = RestApi(http, api, region, access)
        self.connections: Final = Connections(
            self._host, rest, access, is_shared=is_shared, wait_for_room=wait_for_room
        )
        self.discovery: Final = Discovery(rest, self._scope, asks_for_many=is_shared)

    @property
    def state(self) -> State:
        """That of all tokens together."""
        return self._state

    def subscribe(
        self,
        token: str,
        *,
        on_price: Callable[[Price], object],
        on_state: Callable[[State], object] | None = None,
        on_error: Callable[[ClientError], object] | None = None,
        delivery: Delivery = "all",
        max_fill: int = MAX_FILL,
    ) -> Follower:
        """Receive the prices of `token` until `close()` of what this returns.

        If the feed has the token already, they share it: the new one begins with the newest price.
        `on_error` is called if the stack refuses the token for good; the other tokens go on. An error
        in a function goes to the event loop's exception handler. Raises ValueError if an option is wrong.
        """
        check_wishes(
            token, delivery, max_fill, on_price=on_price, on_state=on_state, on_error=on_error
        )
        wishes = Follow(
            delivery=delivery,
            max_fill=max_fill,
            on_price=on_price,
            on_state=on_state,
            on_error=on_error,
            hears_states=on_state is not None,
        )
        return self._follow(token, wishes)

    def prices(
        self, token: str, *, delivery: Delivery = "all", max_fill: int = MAX_FILL
    ) -> AsyncGenerator[Price]:
        """The prices of `token`, from when the loop begins to when it ends.

        At most 1,000 wait for a slow loop; then the oldest are left out, and `skipped` of the next one
        says how many. With `delivery="latest"` only the newest waits. The loop ends with the feed, and
        raises Refused if the stack refuses the token. Raises ValueError if an option is wrong.
        """
        check_wishes(token, delivery, max_fill)
        return self._prices(token, delivery, max_fill)

    def candles(
        self,
        token: str,
        *,
        interval: Interval,
        currency: Currency = "sol",
        limit: int = SHOWN_CANDLES,
        on_candle: Callable[[ChartCandle], object],
        on_state: Callable[[State], object] | None = None,
        on_error: Callable[[ClientError], object] | None = None,
    ) -> Chart:
        """The chart of `token`: its history of at most `limit` candles, oldest first, then each trade as
        it comes, until `close()` of what this returns.

        `on_candle` gets each candle that is new or has changed, all of it. `on_error` is called if the
        stack refuses the token or the chart for good. Raises ValueError if an option is wrong.
        """
        functions = {"on_candle": on_candle, "on_state": on_state, "on_error": on_error}
        check_chart(token, interval, currency, limit, **functions)
        wishes = ChartWishes(
            interval=interval,
            currency=currency,
            limit=limit,
            on_candle=on_candle,
            on_state=on_state,
            on_error=on_error,
        )

        def follow(
            *, on_price: Callable[[Price], object], on_state: Callable[[State], object]
        ) -> Follower:
            return self._follow(
                token,
                Follow(
                    delivery="all",
                    max_fill=MAX_FILL,
                    on_price=on_price,
                    on_state=on_state,
                    on_error=on_error,
                    hears_states=wishes.on_state is not None,
                ),
            )

        return Chart(token, wishes, self._rest, self._host, follow)

    def newest(self, token: str) -> Update | None:
        """The newest price of a token that is followed; None if none has come yet."""
        stream = self._streams.get(token)
        return None if stream is None else stream.newest

    def wake(self) -> None:
        """Look at once whether the connections live: the device woke up, or its network changed."""
        self.connections.check()
        for stream in [*self._streams.values()]:
            stream.wake()

    async def close(self) -> None:
        """End the feed, and all its subscriptions with it."""
        self._end("closed", None)
        await self._host.tasks.end()

    async def _prices(self, token: str, delivery: Delivery, max_fill: int) -> AsyncGenerator[Price]:
        queue = PriceQueue(delivery)

        def show(state: State) -> None:
            if state.state == "closed":
                queue.end(None)

        wishes = Follow(
            delivery=delivery,
            max_fill=max_fill,
            on_price=queue.put_over_old,
            on_state=show,
            on_error=queue.end,
            hears_states=False,
        )
        following = self._follow(token, wishes)
        try:
            while (price := await queue.take()) is not None:
                yield price
        finally:
            following.close()

    def _follow(self, token: str, wishes: Follow) -> Follower:
        if self._scope.is_over:
            raise ValueError("the feed is closed; connect again")
        stream = self._streams.get(token) or self._begin(token)
        follower = Follower(wishes, stream)
        stream.add(follower)
        return follower

    def _begin(self, token: str) -> Stream:
        stream = self._streams[token] = Stream(token, self)
        self.look()
        return stream

    def _fail(self, error: Exception) -> None:
        """A mistake of ours ends the feed; nobody waits for prices that cannot come."""
        LOG.error("the feed has failed", exc_info=error)
        self._end(f"{type(error).__name__} {error}", error)

    def _end(self, reason: str, error: Exception | None) -> None:
        if self._scope.is_over:
            return
        self._scope.end()
        for stream in [*self._streams.values()]:
            stream.end(reason, error)
        self._show(State("closed", None, reason))

    # What a stream tells

    def look(self) -> None:
        """Look how the tokens are now."""
        if self._scope.is_over:
            return
        states = [stream.state for stream in self._streams.values()]
        worst = max(states, key=lambda state: _RANKS.index(state.state), default=_IDLE)
        if worst.state == "live":
            self._warned = None
        paths = {state.path for state in states}
        self._show(replace(worst, path=worst.path if len(paths) == 1 else None))

    def forget(self, stream: Stream) -> None:
        del self._streams[stream.token]
        self.look()

    def warn(self, token: str, reason: str) -> None:
        """Log it once for all tokens that it befalls, if nobody listens to states."""
        if self._on_state is None and reason != self._warned:
            self._warned = reason
            LOG.warning("%s: %s", token, reason)

    def _show(self, state: State) -> None:
        is_news = (state.state, state.path) != (self._state.state, self._state.path)
        self._state = state
        if is_news:
            tell(self._on_state, state)
