"""Whether a move to the edge goes wrong: both paths compared, minute by minute. Pure.

A move to AWS is not judged: that is where one goes when the edge is at fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from functions.glow.routing.routes import Routes

MINUTE_MS: Final = 60_000
# As long as clients need to move, and people to look at what they did. Later there is the alarm.
WATCHED_MS: Final = 30 * MINUTE_MS
# A deployment of the Worker, or a room that sleeps, spoils one (docs/routing.md, "When the edge is down").
BAD_MINUTES: Final = 3
# Of fewer, one that failed would be a tenth.
MIN_UPDATES: Final = 10
# As the alarm edge-failing has it.
MAX_FAILURE_PERCENT: Final = 10
# The last of the old guide's four issues. A post to the edge takes 10 to 60 ms (edge/client.py).
MAX_P99_MS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PathMinute:
    """What a path did in a minute. Its failures are updates that have to be offered again."""

    updates: float = 0
    failures: float = 0
    p99_ms: float | None = None
    """How long all but one in a hundred took, at most: to the edge's answer, or to the last post on AWS.
    None: nothing was measured."""

    @property
    def failure_percent(self) -> float:
        return 100 * self.failures / self.updates if self.updates else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """Both paths in the minute that began at `start_ms`."""

    start_ms: int
    edge: PathMinute
    aws: PathMinute


def is_watched(routes: Routes, *, now_ms: int) -> bool:
    """Whether tokens or clients were taken to the edge lately."""
    replaced = routes.replaced
    return (
        replaced is not None
        and routes.current.takes_to_edge(replaced)
        and now_ms < routes.since_ms + WATCHED_MS
    )


def fault(minutes: Sequence[Minute], *, since_ms: int) -> str | None:
    """Why the change of `since_ms` should be taken back; None: there is no reason.

    In each of the last BAD_MINUTES the edge has to be over a limit, and worse than AWS: where both are
    bad, going back would mend nothing.
    """
    last = [minute for minute in minutes if minute.start_ms >= since_ms][-BAD_MINUTES:]
    if len(last) < BAD_MINUTES:
        return None
    if all(_fails(minute) for minute in last):
        edge = ", ".join(f"{minute.edge.failure_percent:.0f} %" for minute in last)
        aws = ", ".join(f"{minute.aws.failure_percent:.0f} %" for minute in last)
        return (
            f"over {MAX_FAILURE_PERCENT} % of the updates failed at the edge in each of {BAD_MINUTES}"
            f" minutes: {edge}; on AWS {aws}"
        )
    if all(_is_slow(minute) for minute in last):
        edge = ", ".join(_shown(minute.edge.p99_ms) for minute in last)
        aws = ", ".join(_shown(minute.aws.p99_ms) for minute in last)
        return (
            f"the edge took over {MAX_P99_MS} ms (p99) in each of {BAD_MINUTES} minutes: {edge};"
            f" AWS {aws}"
        )
    return None


def _fails(minute: Minute) -> bool:
    share = minute.edge.failure_percent
    return (
        minute.edge.updates >= MIN_UPDATES
        and share > MAX_FAILURE_PERCENT
        and share > minute.aws.failure_percent
    )


def _is_slow(minute: Minute) -> bool:
    edge_ms, aws_ms = minute.edge.p99_ms, minute.aws.p99_ms
    return (
        minute.edge.updates >= MIN_UPDATES
        and edge_ms is not None
        and edge_ms > MAX_P99_MS
        and (aws_ms is None or edge_ms > aws_ms)
    )


def _shown(milliseconds: float | None) -> str:
    return "unknown" if milliseconds is None else f"{milliseconds:.0f} ms"
