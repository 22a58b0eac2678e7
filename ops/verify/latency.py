"""What the measured times say. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from components.settings.alarms import P99_FACTOR
from functions.glow.paths import Path
from ops.verify.finding import Finding, failed, well


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it was measured from, the network's round trip to AWS and Cloudflare's data centre; and
    where the rooms are."""

    away_ms: float
    colo: str = ""
    rooms: str = ""


def judge(path: Path, times_ms: Sequence[float], limit_ms: int, place: Place) -> Finding:
    """Half of `times_ms` have to be within `limit_ms`, 99 % within `P99_FACTOR` times as much.

    The way from the operator to AWS and back is not the stack's: it is taken off each.
    """
    own = sorted(max(0.0, each - place.away_ms) for each in times_ms)
    p50, p99 = percentile(own, 50), percentile(own, 99)
    slowest_ms = P99_FACTOR * limit_ms
    where = f", data centre {place.colo}, {place.rooms}" if place.colo else ""
    seen = (
        f"p50 {p50:.0f} ms, p99 {p99:.0f} ms of {len(own)} trades (limits {limit_ms} and"
        f" {slowest_ms}; {place.away_ms:.0f} ms of network taken off{where})"
    )
    name = f"{path} latency"
    if p50 <= limit_ms and p99 <= slowest_ms:
        return well(name, seen)
    if path == "edge":
        return failed(
            name,
            f"latency over {slowest_ms if p99 > slowest_ms else limit_ms} ms: {seen}",
            cause="the room was made far from the AWS region or from here: edge.region counts at a"
            " room's first use only; or this machine's way to the data centre is long",
            remedy="docs/edge.md, Where rooms are: edge.region, then the next edge.roomGeneration",
        )
    return failed(
        name,
        f"latency over the limit: {seen}",
        cause="functions start cold or are throttled, or the account's requests a second are used up",
        remedy="raise lambdaMemoryMb or ask AWS for a higher quota (docs/configuration.md)",
    )


def percentile(ascending: Sequence[float], percent: int) -> float:
    """The least value that so many percent are not above."""
    return ascending[max(0, math.ceil(len(ascending) * percent / 100) - 1)]
