"""The clients on AWS that have to leave: told first, unsubscribed when the grace is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from functions.glow import log
from functions.glow.prices.table import PriceTable
from functions.glow.routing.endpoints import Endpoints
from functions.glow.routing.policy import Policy
from functions.glow.sockets import messages
from functions.glow.sockets.delivery import close, deliver
from functions.glow.sockets.post import MAX_CONCURRENT_POSTS, ConnectionPoster, Payload
from functions.glow.sockets.subscriptions import SubscriptionTable, TokenSubscription


class Telling:
    """Tells them where their tokens went. Belongs to one event loop.

    Raises Unavailable when a table does not answer.
    """

    def __init__(
        self,
        subscriptions: SubscriptionTable,
        prices: PriceTable,
        poster: ConnectionPoster,
        endpoints: Endpoints,
    ) -> None:
        self._subscriptions = subscriptions
        self._prices = prices
        self._poster = poster
        self._endpoints = endpoints

    async def tell(
        self,
        subscriptions: Sequence[TokenSubscription],
        policy: Policy,
        *,
        jitter_ms: int,
        now: float,
    ) -> None:
        """Post MOVED to each. A client that misses it is told once more when it is let go."""
        notices = _Notices(self._prices, self._endpoints, policy, jitter_ms=jitter_ms, now=now)

        async def tell(subscription: TokenSubscription) -> None:
            await self._post(subscription, await notices.of(subscription.token))

        await self._each(subscriptions, tell)

    async def let_go(
        self, subscriptions: Sequence[TokenSubscription], policy: Policy, *, now: float
    ) -> None:
        """End `subscriptions`, those of clients that did not leave by themselves.

        Each is told once more where its token is. A socket without another subscription is closed.
        """
        notices = _Notices(self._prices, self._endpoints, policy, jitter_ms=0, now=now)

        async def end(subscription: TokenSubscription) -> None:
            connection_id, token = subscription.connection_id, subscription.token
            await self._post(subscription, await notices.of(token))
            unsubscribe = self._subscriptions.unsubscribe
            others = await asyncio.to_thread(unsubscribe, connection_id, token)
            if not others:
                await close(self._poster, connection_id)
            log.info("subscription_ended", token=token, connectionId=connection_id)

        await self._each(subscriptions, end)

    async def _each(
        self,
        subscriptions: Sequence[TokenSubscription],
        act: Callable[[TokenSubscription], Awaitable[None]],
    ) -> None:
        """`act` on each, many at once. When this ends or raises, all have ended."""
        waiting = iter(subscriptions)

        async def work() -> None:
            for subscription in waiting:
                await act(subscription)

        workers = [work() for _ in range(min(MAX_CONCURRENT_POSTS, len(subscriptions)))]
        endings = await asyncio.gather(*workers, return_exceptions=True)
        await self._poster.settle()
        for ending in endings:
            if isinstance(ending, BaseException):
                raise ending

    async def _post(self, subscription: TokenSubscription, notice: Payload) -> None:
        await deliver(self._poster, subscription.connection_id, [notice])


class _Notices:
    """MOVED, made once for each token, with its newest id for clients that keep no cursor."""

    def __init__(
        self,
        prices: PriceTable,
        endpoints: Endpoints,
        policy: Policy,
        *,
        jitter_ms: int,
        now: float,
    ) -> None:
        self._prices = prices
        self._endpoints = endpoints
        self._policy = policy
        self._jitter_ms = jitter_ms
        self._now = now
        self._made: dict[str, asyncio.Future[Payload]] = {}

    async def of(self, token: str) -> Payload:
        if token not in self._made:
            loop = asyncio.get_running_loop()
            self._made[token] = loop.run_in_executor(None, self._make, token)
        return await self._made[token]

    def _make(self, token: str) -> Payload:
        newest = self._prices.newest(token, now=self._now)
        path = self._policy.path(token)
        return Payload.of(
            messages.moved(
                token,
                path,
                self._endpoints.url(path, token),
                live_url=self._endpoints.live_url(path),
                after=None if newest is None else newest.id,
                jitter_ms=self._jitter_ms,
            )
        )
