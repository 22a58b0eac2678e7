"""Catching up: a connection that is behind is sent what it missed, or is closed so that it resumes.

A connection whose posts still fail FAILING_MS after the first failure is dropped: its socket is
closed, so that its client comes back with `after`, and its rows are deleted. But only if it alone is
to blame (blame.py); else it is tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from functions.glow import log
from functions.glow.prices.replay import Replay, replay_from
from functions.glow.prices.table import PriceTable
from functions.glow.queues.later import LaterQueue
from functions.glow.sockets import messages
from functions.glow.sockets.blame import connections_are_to_blame
from functions.glow.sockets.catch_up import FIRST_PAUSE_SECONDS, CatchUp, follow_up, pause_after
from functions.glow.sockets.delivery import close, deliver
from functions.glow.sockets.departures import forget
from functions.glow.sockets.frames import frames
from functions.glow.sockets.lag import Lagging, LagTable
from functions.glow.sockets.post import ConnectionPoster, Outcome, Payload
from functions.glow.sockets.subscriptions import SubscriptionTable

FAILING_MS: Final = 10_000

_SERVED: Final = frozenset({Outcome.POSTED, Outcome.GONE})


class CatchingUp:
    """Belongs to one event loop. Raises Unavailable when a table or the queue does not answer."""

    def __init__(
        self,
        lag: LagTable,
        subscriptions: SubscriptionTable,
        prices: PriceTable,
        poster: ConnectionPoster,
        queue: LaterQueue,
    ) -> None:
        self._lag = lag
        self._subscriptions = subscriptions
        self._prices = prices
        self._poster = poster
        self._queue = queue

    async def run(self, catch_up: CatchUp, *, now: float) -> None:
        """Send each connection what it missed. Who could not be served is tried again later."""
        token, ids = catch_up.token, catch_up.connection_ids
        lagging = await asyncio.to_thread(self._lag.find, token, ids, now=now)
        missed = _Missed(self._prices, token, now=now)
        outcomes = await asyncio.gather(*(self._send(each, missed) for each in lagging))
        by_outcome = list(zip(lagging, outcomes, strict=True))
        posted = [each for each, outcome in by_outcome if outcome is Outcome.POSTED]
        gone = [each for each, outcome in by_outcome if outcome is Outcome.GONE]
        failing = [each for each, outcome in by_outcome if outcome not in _SERVED]

        unfinished = await self._release(token, posted, missed, now=now)
        dropped = await self._drop(token, failing, now=now)
        await forget(self._subscriptions, token, [each.connection_id for each in [*gone, *dropped]])
        await self._poster.settle()
        still_failing = [each for each in failing if each not in dropped]
        await self._try_again(token, unfinished, still_failing, now=now)
        log.info(
            "catch_up_done",
            token=token,
            caughtUp=len(posted) - len(unfinished),
            gone=len(gone),
            dropped=len(dropped),
            failing=len(still_failing),
        )

    async def _send(self, lagging: Lagging, missed: _Missed) -> Outcome:
        return await self._deliver(missed.token, lagging, await missed.by(lagging))

    async def _deliver(self, token: str, lagging: Lagging, missed: Replay) -> Outcome:
        told = [] if missed.gap is None else [messages.gap(token, missed.gap)]
        payloads = [Payload.of(message) for message in [*told, *frames(missed.updates)]]
        return await deliver(self._poster, lagging.connection_id, payloads)

    async def _release(
        self, token: str, posted: Sequence[Lagging], sent: _Missed, *, now: float
    ) -> list[Lagging]:
        """Let broadcasts go to `posted` again; those that are behind nevertheless.

        The marks go first. Then what was stored after it was read, but broadcast before the mark was
        away, is read and sent: nothing falls between.
        """
        clearings = [asyncio.to_thread(self._lag.clear, token, each) for each in posted]
        are_clear = await asyncio.gather(*clearings)
        missed = _Missed(self._prices, token, now=now)
        ends = await asyncio.gather(
            *(
                self._send_rest(each, sent, missed, now=now)
                for each, is_clear in zip(posted, are_clear, strict=True)
                if is_clear
            )
        )
        changed = [each for each, is_clear in zip(posted, are_clear, strict=True) if not is_clear]
        return [*changed, *(each for each in ends if each is not None)]

    async def _send_rest(
        self, lagging: Lagging, sent: _Missed, missed: _Missed, *, now: float
    ) -> Lagging | None:
        """Send what is in `missed` but not in `sent`; None: it has everything."""
        rest = unsent(await sent.by(lagging), await missed.by(lagging))
        if not rest.updates:
            return None
        token, connection_id = missed.token, lagging.connection_id
        if await self._deliver(token, lagging, rest) in _SERVED:
            return None
        first = min(update.id for update in rest.updates)
        await asyncio.to_thread(self._lag.mark, token, connection_id, first, now=now)
        return lagging

    async def _drop(self, token: str, failing: Sequence[Lagging], *, now: float) -> list[Lagging]:
        """Close the sockets of those that alone are to blame; which ones are closed."""
        suspects = [each for each in failing if now * 1_000 - each.failing_since_ms >= FAILING_MS]
        ids = [each.connection_id for each in suspects]
        if not ids or not await connections_are_to_blame(self._poster, ids):
            return []
        closed = await asyncio.gather(*(close(self._poster, id_) for id_ in ids))
        dropped = [each for each, is_closed in zip(suspects, closed, strict=True) if is_closed]
        for each in dropped:
            log.warning("connection_dropped", token=token, connectionId=each.connection_id)
        return dropped

    async def _try_again(
        self, token: str, unfinished: Sequence[Lagging], failing: Sequence[Lagging], *, now: float
    ) -> None:
        ids = [each.connection_id for each in [*unfinished, *failing]]
        if ids:
            pause = FIRST_PAUSE_SECONDS if unfinished else pause_after(failing, now=now)
            await asyncio.to_thread(follow_up, self._queue, token, ids, pause_seconds=pause)


def unsent(sent: Replay, missed: Replay) -> Replay:
    """What `missed` holds beyond `sent`. A gap that is told already is not told again."""
    ids = {update.id for update in sent.updates}
    updates = [update for update in missed.updates if update.id not in ids]
    return Replay(updates, missed.gap if updates and sent.gap is None else None)


class _Missed:
    """What each has missed; read once for all that miss the same."""

    def __init__(self, prices: PriceTable, token: str, *, now: float) -> None:
        self.token = token
        self._prices = prices
        self._now = now
        self._read: dict[tuple[str, str], asyncio.Future[Replay]] = {}

    async def by(self, lagging: Lagging) -> Replay:
        key = lagging.delivery, lagging.behind
        if key not in self._read:
            loop = asyncio.get_running_loop()
            self._read[key] = loop.run_in_executor(None, self._read_for, lagging)
        return await self._read[key]

    def _read_for(self, lagging: Lagging) -> Replay:
        if lagging.delivery == "all":
            return replay_from(self._prices, self.token, lagging.behind, now=self._now)
        newest = self._prices.newest(self.token, now=self._now)
        return Replay([] if newest is None else [newest], None)
