"""How the edge is, told to everybody: what one publisher finds, all of them and discovery act on."""

import time
from collections.abc import Callable

from functions.glow import log
from functions.glow.errors import GlowError
from functions.glow.route_book import RouteBook
from functions.glow.route_store import RouteStore
from functions.glow.route_tasks import Task, TaskQueue
from functions.glow.routes import SETTLE_MS, EdgeHealth


class HealthReporter:
    """Writes the routing item's health when it changes. Never fails its caller: a trade matters more.

    A mark stays for SETTLE_MS at least: by then every publisher acts on it, and the last post of one
    that is slow to learn of it does not undo it.
    """

    def __init__(
        self,
        store: RouteStore,
        book: RouteBook,
        tasks: TaskQueue,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._book = book
        self._tasks = tasks
        self._clock = clock

    def edge_failed(self) -> None:
        """The edge did not answer several times in a row."""
        if self._book.routes.health.state != "down":
            self._change(EdgeHealth(state="down", since_ms=self._now_ms()))

    def edge_answered(self) -> None:
        """The edge took an update."""
        health = self._book.routes.health
        now_ms = self._now_ms()
        if health.state == "down" and now_ms - health.since_ms >= SETTLE_MS:
            self._change(EdgeHealth(state="recovering", since_ms=now_ms))

    def _change(self, health: EdgeHealth) -> None:
        try:
            is_written = self._store.replace_health(self._book.routes.health, health)
            self._book.expire()
            if not is_written:
                return
            log.warning("edge_health_changed", state=health.state)
            if health.state == "recovering":
                self._tasks.add(Task("announce", health.since_ms))
        except GlowError as error:
            log.warning("edge_health_not_written", reason=str(error))

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)
