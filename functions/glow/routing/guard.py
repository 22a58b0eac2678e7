"""Sets the routing back by itself when a move to the edge goes wrong (glow:routing.autoRollback).

It changes the routing item and nothing else. Stack config still says what it said, and the next preview tells the
difference (components/routing/set_back.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from functions.glow import log, metrics
from functions.glow.routing.judgement import Minute, fault, is_watched
from functions.glow.routing.mover import Mover
from functions.glow.routing.ports import RouteItem


class Figures(Protocol):
    """What both paths did lately, the newest minute last. Raises Unavailable."""

    def __call__(self, *, now: float) -> Sequence[Minute]: ...


class Bell(Protocol):
    """Has an alarm say `reason`. Raises Unavailable."""

    def __call__(self, reason: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    table: RouteItem
    mover: Mover
    figures: Figures
    bell: Bell
    clock: Callable[[], float]

    async def look(self) -> str | None:
        """Judge the change that is under way; the reason if it was taken back."""
        now = self.clock()
        routes = self.table.read()
        if routes is None or not is_watched(routes, now_ms=int(now * 1_000)):
            return None
        reason = fault(self.figures(now=now), since_ms=routes.since_ms)
        if reason is None or not await self.mover.set_back(routes, reason):
            return None
        log.warning("routing_set_back", reason=reason)
        metrics.record(metrics.ROUTING_SET_BACK)
        self.bell(reason)
        return reason
