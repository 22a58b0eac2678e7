"""The fan-out: messages of one token to every connection that listens to it.

What is the cause when posts still fail after their retries?
- More than MAX_BLAMED fail, and more than were served: the endpoint, or our rate. FanOutFailed: no
  row is touched, and the queue hands the record out again.
- None was served, and no socket could be closed either: the endpoint. FanOutFailed.
- Otherwise the connections. Each is dropped: its socket is closed, so that the client notices and
  comes back with `after`, and its rows are deleted.
A connection that answers 410 has left; its rows are deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from functions.glow import log
from functions.glow.errors import FanOutFailed, Unavailable
from functions.glow.sockets.delivery import close, deliver
from functions.glow.sockets.post import MAX_CONCURRENT_POSTS, ConnectionPoster, Outcome, Payload
from functions.glow.sockets.read_ahead import ReadAhead
from functions.glow.sockets.subscriptions import Subscription, SubscriptionTable

MAX_BLAMED: Final = 10


@dataclass(slots=True)
class Tally:
    """What became of the connections so far."""

    posted: int = 0
    gone: list[str] = field(default_factory=list[str])
    failing: dict[str, Outcome] = field(default_factory=dict[str, Outcome])

    @property
    def served(self) -> int:
        """Those that the endpoint gave a final answer for."""
        return self.posted + len(self.gone)

    @property
    def blames_the_endpoint(self) -> bool:
        return len(self.failing) > max(MAX_BLAMED, self.served)

    @property
    def is_hopeless(self) -> bool:
        """Going on would only bring the same failures."""
        return self.served == 0 and self.blames_the_endpoint

    def count(self, connection_id: str, outcome: Outcome) -> None:
        if outcome is Outcome.POSTED:
            self.posted += 1
        elif outcome is Outcome.GONE:
            self.gone.append(connection_id)
        else:
            self.failing[connection_id] = outcome

    def __str__(self) -> str:
        reasons = {outcome.value for outcome in self.failing.values()}
        return f"{self.served} served, {len(self.failing)} not ({', '.join(sorted(reasons))})"


class FanOut:
    """Posts to all connections of a token, MAX_CONCURRENT_POSTS at once."""

    def __init__(self, subscriptions: SubscriptionTable, poster: ConnectionPoster) -> None:
        self._subscriptions = subscriptions
        self._poster = poster

    async def send(
        self,
        token: str,
        messages: Sequence[str],
        *,
        newest: Callable[[], str | None],
        now: float,
    ) -> Tally:
        """Send `messages` in order to each connection; `delivery=latest` ones get `newest()`.

        `newest` blocks, and is called at most once, in a thread, when such a connection is met.
        Raises FanOutFailed, or Unavailable when a table does not answer.
        """
        tally = Tally()
        mail = _Mail(messages, newest)
        subscriptions = ReadAhead(self._subscriptions.pages(token, now=now))
        workers = [self._serve(subscriptions, mail, tally) for _ in range(MAX_CONCURRENT_POSTS)]
        for ending in await asyncio.gather(*workers, return_exceptions=True):
            if isinstance(ending, BaseException):
                raise ending
        if tally.blames_the_endpoint:
            raise FanOutFailed(f"{token}: {tally}")
        await self._drop(token, tally)
        await self._forget(token, [*tally.gone, *tally.failing])
        return tally

    async def _serve(
        self, subscriptions: ReadAhead[Subscription], mail: _Mail, tally: Tally
    ) -> None:
        async for subscription in subscriptions:
            payloads = await mail.of(subscription)
            connection_id = subscription.connection_id
            tally.count(connection_id, await deliver(self._poster, connection_id, payloads))
            if tally.is_hopeless:
                return

    async def _drop(self, token: str, tally: Tally) -> None:
        """Close the sockets of the failing connections."""
        closed = await asyncio.gather(*(close(self._poster, id_) for id_ in tally.failing))
        if tally.failing and not tally.served and not any(closed):
            raise FanOutFailed(f"{token}: {tally}, and no socket could be closed")
        for (connection_id, outcome), is_closed in zip(tally.failing.items(), closed, strict=True):
            log.warning(
                "connection_dropped",
                token=token,
                connectionId=connection_id,
                outcome=outcome.value,
                socketIsClosed=is_closed,
            )

    async def _forget(self, token: str, connection_ids: Iterable[str]) -> None:
        """Delete rows. One that stays goes with its next 410: no reason to send the frames again."""
        deletions = [
            asyncio.to_thread(self._subscriptions.disconnect, connection_id, met_at=token)
            for connection_id in connection_ids
        ]
        for ending in await asyncio.gather(*deletions, return_exceptions=True):
            if isinstance(ending, Unavailable):
                log.warning("rows_not_deleted", reason=str(ending))
            elif isinstance(ending, BaseException):
                raise ending


class _Mail:
    """What each subscription is to be sent."""

    def __init__(self, messages: Sequence[str], newest: Callable[[], str | None]) -> None:
        self._all = [Payload.of(message) for message in messages]
        self._newest = newest
        self._latest: asyncio.Future[str | None] | None = None

    async def of(self, subscription: Subscription) -> Sequence[Payload]:
        if subscription.delivery == "all":
            return self._all
        if self._latest is None:
            self._latest = asyncio.get_running_loop().run_in_executor(None, self._newest)
        message = await self._latest
        return [] if message is None else [Payload.of(message)]
