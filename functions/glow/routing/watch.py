"""Acts on what a publisher finds out about the edge, for all publishers and for discovery."""

import time
from collections.abc import Callable, Sequence

from functions.glow import log
from functions.glow.edge.rooms import EdgeRooms
from functions.glow.errors import GlowError
from functions.glow.routing.cache import RouteCache
from functions.glow.routing.routes import SETTLE_MS, EdgeHealth
from functions.glow.routing.table import RouteTable
from functions.glow.routing.tasks import Task, TaskQueue
from functions.glow.runtime.loop import event_loop


class EdgeWatch:
    """Writes the edge's health to the routing item when it changes, and calls forgotten rooms back.
    Never fails its caller: a trade matters more.

    `down` stays for at least SETTLE_MS. By then every publisher knows it, so that a late post of a
    publisher that did not know yet cannot undo it.
    """

    def __init__(
        self,
        table: RouteTable,
        cache: RouteCache,
        tasks: TaskQueue,
        rooms: EdgeRooms,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._table = table
        self._cache = cache
        self._tasks = tasks
        self._rooms = rooms
        self._clock = clock

    def edge_failed(self) -> None:
        """The edge did not answer several times in a row."""
        if self._cache.routes.health.state != "down":
            self._change(EdgeHealth(state="down", since_ms=self._now_ms()))

    def edge_answered(self) -> None:
        """The edge took an update."""
        health = self._cache.routes.health
        now_ms = self._now_ms()
        if health.state == "down" and now_ms - health.since_ms >= SETTLE_MS:
            self._change(EdgeHealth(state="recovering", since_ms=now_ms))

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

    def _change(self, health: EdgeHealth) -> None:
        try:
            is_written = self._table.replace_health(self._cache.routes.health, health)
            self._cache.expire()
            if not is_written:
                return
            log.warning("edge_health_changed", state=health.state)
            if health.state == "recovering":
                self._tasks.add(Task("announce", health.since_ms))
        except GlowError as error:
            log.warning("edge_health_not_written", reason=str(error))

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)
