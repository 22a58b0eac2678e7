"""What the clients of a path heard of the trades that were sent. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from functions.glow.paths import Path
from ops.verify.latency import percentile

_BOUNDS_MS: Final = (0, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A trade: when its post began, in seconds of the clock that clients hear by. `refusal`: what the
    webhook said in the last of its tries, if it took none."""

    signature: str
    at: float
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PathTally:
    """`times_ms` is ascending: from the post's beginning to the client, of each trade at each client."""

    path: Path
    clients: int
    trades: int
    """Those that the webhook accepted."""
    lost: int
    """Of each client, the accepted trades that it did not hear."""
    doubles: int
    times_ms: Sequence[float]

    def to_dict(self) -> Mapping[str, object]:
        return {
            "path": self.path,
            "clients": self.clients,
            "trades": self.trades,
            "heard": len(self.times_ms),
            "lost": self.lost,
            "doubles": self.doubles,
            "p50Ms": self.percent(50),
            "p99Ms": self.percent(99),
            "maxMs": self.percent(100),
            "histogram": [
                {"belowMs": None if math.isinf(below) else below, "heard": heard}
                for below, heard in histogram(self.times_ms)
            ],
        }

    def percent(self, percent: int) -> float | None:
        """The time that so many percent are not above; None if nothing was heard."""
        return round(percentile(self.times_ms, percent), 1) if self.times_ms else None


Heard = Mapping[str, Sequence[float]]
"""When a client heard each trade, by signature: more than once is a double."""


def tally_of(path: Path, sent: Sequence[Sent], clients: Sequence[Heard]) -> PathTally:
    """A trade that was not accepted may be heard all the same, but is not lost if it is not."""
    accepted = [trade for trade in sent if trade.refusal is None]
    times_ms = [
        (moments[0] - trade.at) * 1_000
        for heard in clients
        for trade in sent
        if (moments := heard.get(trade.signature))
    ]
    return PathTally(
        path=path,
        clients=len(clients),
        trades=len(accepted),
        lost=sum(trade.signature not in heard for heard in clients for trade in accepted),
        doubles=sum(len(moments) - 1 for heard in clients for moments in heard.values()),
        times_ms=sorted(times_ms),
    )


def histogram(times_ms: Sequence[float]) -> list[tuple[float, int]]:
    """How many are below each bound and not below the one before; bounds in ms."""
    return [
        (below, sum(least <= each < below for each in times_ms))
        for least, below in pairwise(_BOUNDS_MS)
    ]
