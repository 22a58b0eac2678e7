"""The fan-out: updates of one token to every connection that listens to it.

What becomes of a connection whose posts still fail after their retries?
- Many fail, none is served, and the endpoint does not even answer questions about them (blame.py):
  it is the endpoint. FanOutFailed: no row is touched, and the queue hands the record out again.
- Otherwise the record is done, for those that heard it must not hear it again. The connection is
  marked as behind and catches up later (catching_up.py). Until then no broadcast is sent to it, so
  that it hears nothing out of order.
A connection that answers 410 has left; its rows are deleted.
A connection whose access token has expired is sent nothing but that, and closed. One whose tokens are
quiet hears of it at its next message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from functions.glow.errors import FanOutFailed
from functions.glow.listeners.claims import expired
from functions.glow.queues.later import LaterQueue
from functions.glow.sockets import messages
from functions.glow.sockets.blame import connections_are_to_blame
from functions.glow.sockets.catch_up import FIRST_PAUSE_SECONDS, follow_up
from functions.glow.sockets.delivery import deliver
from functions.glow.sockets.departures import forget, turn_away
from functions.glow.sockets.frames import frames
from functions.glow.sockets.lag import LagTable
from functions.glow.sockets.post import MAX_CONCURRENT_POSTS, ConnectionPoster, Outcome, Payload
from functions.glow.sockets.read_ahead import ReadAhead
from functions.glow.sockets.subscriptions import Subscription, SubscriptionTable
from functions.glow.update import Update

# More that fail while none is served may be no coincidence.
MAX_BLAMED: Final = 10
# So many take half a second of posts. The others' turn comes with the next updates.
MAX_ENDED: Final = 1_000
# A token's rows take 1,000 writes a second (facts/aws.md §3), so so many marks take two seconds.
MAX_BEHIND: Final = 2_000


@dataclass(slots=True)
class Tally:
    """What became of the connections so far."""

    posted: int = 0
    gone: list[str] = field(default_factory=list[str])
    failing: dict[str, Outcome] = field(default_factory=dict[str, Outcome])
    behind: list[str] = field(default_factory=list[str])
    """Those that were behind before, on this update or a later one."""
    ended: list[str] = field(default_factory=list[str])
    """Those that are to be told that their access token has expired."""
    clients_are_to_blame: asyncio.Future[bool] | None = None

    @property
    def served(self) -> int:
        """Those that the endpoint gave a final answer for."""
        return self.posted + len(self.gone)

    @property
    def is_suspicious(self) -> bool:
        return len(self.failing) > MAX_BLAMED and self.served == 0

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

    def __init__(
        self,
        subscriptions: SubscriptionTable,
        lag: LagTable,
        poster: ConnectionPoster,
        later: LaterQueue,
    ) -> None:
        self._subscriptions = subscriptions
        self._lag = lag
        self._poster = poster
        self._later = later

    async def send(
        self,
        token: str,
        updates: Sequence[Update],
        *,
        newest: Callable[[], Update | None],
        now: float,
    ) -> Tally:
        """Send `updates` in order to each connection; `delivery=latest` ones get `newest()`.

        `newest` blocks, and is called at most once, in a thread, when such a connection is met.
        Raises FanOutFailed, or Unavailable when a table or a queue does not answer.
        """
        tally = Tally()
        mail = _Mail(updates, newest)
        subscriptions = ReadAhead(self._subscriptions.pages(token, now=now))
        workers = [self._serve(subscriptions, mail, tally) for _ in range(MAX_CONCURRENT_POSTS)]
        # The lease is taken while the first page is read: a lone update does not wait for it.
        tasks = [self._poster.lease_ahead(), *workers]
        endings = await asyncio.gather(*tasks, return_exceptions=True)
        await self._poster.settle()
        for ending in endings:
            if isinstance(ending, BaseException):
                raise ending
        if await self._is_hopeless(tally):
            raise FanOutFailed(f"{token}: {tally}")
        await self._follow_up(token, [*tally.failing, *tally.behind], mail.first, now=now)
        await self._end(tally.ended)
        await forget(self._subscriptions, token, [*tally.gone, *tally.ended])
        return tally

    async def _serve(
        self, subscriptions: ReadAhead[Subscription], mail: _Mail, tally: Tally
    ) -> None:
        async for subscription in subscriptions:
            connection_id = subscription.connection_id
            if subscription.is_over:
                if len(tally.ended) < MAX_ENDED:
                    tally.ended.append(connection_id)
                continue
            if subscription.behind is not None:
                # Behind on an earlier update: it catches up with this one too. Behind on this one, or
                # on a later one: the record came again or late, so the mark has to tell of it.
                if subscription.behind >= mail.first:
                    tally.behind.append(connection_id)
                continue
            payloads = await mail.of(subscription)
            tally.count(connection_id, await deliver(self._poster, connection_id, payloads))
            if await self._is_hopeless(tally):
                return

    async def _end(self, connection_ids: Sequence[str]) -> None:
        """Tell clients that they are no longer authorized, many at once, and close their sockets."""
        why = messages.refusal(expired())
        waiting = iter(connection_ids)

        async def work() -> None:
            for connection_id in waiting:
                await turn_away(self._poster, connection_id, why)

        workers = min(MAX_CONCURRENT_POSTS, len(connection_ids))
        await asyncio.gather(*(work() for _ in range(workers)))
        await self._poster.settle()

    async def _is_hopeless(self, tally: Tally) -> bool:
        """Whether going on would only bring the same failures, or more than can be marked."""
        if len(tally.failing) > MAX_BEHIND:
            return True
        if not tally.is_suspicious:
            return False
        if tally.clients_are_to_blame is None:
            asking = connections_are_to_blame(self._poster, list(tally.failing))
            tally.clients_are_to_blame = asyncio.ensure_future(asking)
        return not await tally.clients_are_to_blame

    async def _follow_up(
        self, token: str, connection_ids: Sequence[str], first: str, *, now: float
    ) -> None:
        """Mark the connections as behind, and have them catch up.

        The marks come first: LaterWorker passes over who has none. If the queue then does not answer,
        the record comes again and finds them marked with its own update.
        """
        marks = [
            asyncio.to_thread(self._lag.mark, token, connection_id, first, now=now)
            for connection_id in connection_ids
        ]
        are_marked = await asyncio.gather(*marks)
        behind = [id_ for id_, is_ in zip(connection_ids, are_marked, strict=True) if is_]
        if behind:
            await asyncio.to_thread(
                follow_up, self._later, token, behind, pause_seconds=FIRST_PAUSE_SECONDS
            )


class _Mail:
    """What each subscription is to be sent. `first` is the lowest id of it."""

    def __init__(self, updates: Sequence[Update], newest: Callable[[], Update | None]) -> None:
        self.first = min(update.id for update in updates)
        self._all = [Payload.of(message) for message in frames(updates)]
        self._newest = newest
        self._latest: asyncio.Future[Update | None] | None = None

    async def of(self, subscription: Subscription) -> Sequence[Payload]:
        if subscription.delivery == "all":
            return self._all
        if self._latest is None:
            self._latest = asyncio.get_running_loop().run_in_executor(None, self._newest)
        update = await self._latest
        return [] if update is None else [Payload.of(update.to_json())]
