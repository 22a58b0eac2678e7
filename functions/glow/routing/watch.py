"""Acts on what a publisher finds out about the edge, for all publishers and for discovery."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from functions.glow import log
from functions.glow.edge.rooms import EdgeRooms
from functions.glow.errors import GlowError
from functions.glow.routing.cache import RouteCache
from functions.glow.routing.routes import EdgeHealth
from functions.glow.routing.suspicion import after_failure, after_success
from functions.glow.routing.table import RouteTable
from functions.glow.routing.tasks import TaskQueue
from functions.glow.runtime.loop import event_loop
from functions.glow.runtime.parallel import by_the_deadline

# What is left of a request's deadline for its answer: the updates are safe by now.
_ANSWER_SECONDS: Final = 0.1


class EdgeWatch:
    """Writes the edge's health to the routing item when it changes, and calls forgotten rooms back.
    Never fails its caller, nor makes it miss its deadline: a trade matters more.

    `process` names the one that it works in, unlike any other.
    """

    def __init__(
        self,
        table: RouteTable,
        cache: RouteCache,
        tasks: TaskQueue,
        rooms: EdgeRooms,
        *,
        process: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._table = table
        self._cache = cache
        self._tasks = tasks
        self._rooms = rooms
        self._process = process
        self._clock = clock

    def edge_failed(self, *, failing_seconds: float) -> None:
        """The edge has not answered several requests in a row, for so long."""
        now_ms = self._now_ms()
        self._change(
            lambda health: after_failure(
                health, failing_seconds=failing_seconds, process=self._process, now_ms=now_ms
            )
        )

    def edge_answered(self) -> None:
        """The edge took all updates of a request."""
        now_ms = self._now_ms()
        self._change(lambda health: after_success(health, now_ms=now_ms))

    def rooms_are_away(self, tokens: Sequence[str]) -> None:
        """Rooms took updates but send their clients away, because they were told to.

        If their tokens are on the edge by now, the order to serve again was lost, or the table of
        known tokens was. Such rooms would refuse their clients for ever, so they are called back.
        """
        routes, now_ms = self._cache.routes, self._now_ms()
        forgotten = [token for token in tokens if routes.is_home_at_edge(token, now_ms=now_ms)]
        if not forgotten:
            return
        try:
            calling = self._rooms.take_back(forgotten, served_from_ms=now_ms)
            event_loop().run_until_complete(calling)
        except GlowError as error:
            log.warning("rooms_not_called_back", reason=str(error))
        else:
            log.warning("rooms_called_back", tokens=forgotten)

    def _change(self, decide: Callable[[EdgeHealth], EdgeHealth]) -> None:
        """Write what `decide` makes of the health, if that is something else."""
        known = self._cache.routes.health
        if decide(known) == known:
            return
        try:
            by_the_deadline(lambda: self._write(decide), keep_seconds=_ANSWER_SECONDS)
        except GlowError as error:
            log.warning("edge_health_not_written", reason=str(error))

    def _write(self, decide: Callable[[EdgeHealth], EdgeHealth]) -> None:
        """As the item is now: another process may have found the same a moment ago."""
        self._cache.expire()
        seen = self._cache.refresh().health
        health = decide(seen)
        if health == seen or not self._table.replace_health(seen, health):
            return
        self._cache.expire()
        log.warning("edge_health_changed", state=health.state)
        if health.state == "recovering":
            self._tasks.add(health.since_ms, name=f"recovery-{health.since_ms}")

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)
