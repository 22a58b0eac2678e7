"""Is SOL/USD fresh, and do trades become candles?"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from functions.glow.candles.intervals import MINUTE, start_of
from functions.glow.candles.table import CandleTable
from functions.glow.routing.table import RouteTable
from functions.glow.token import PROBE_TOKEN
from functions.glow.usd import SolUsd
from ops.verify.finding import Finding, failed, skipped, well
from ops.verify.target import Target

_PAUSE_SECONDS: Final = 1
# A batch of the stream waits 5 s (components/aws/candle_store.py); the rest is for a cold function.
ROLLED_UP_WITHIN_SECONDS: Final = 60
# The schedule asks once a minute; the rest is for a cold function and Jupiter.
FIRST_RATE_WITHIN_SECONDS: Final = 90


def check_dollars(target: Target, *, now: Callable[[], float] = time.time) -> Finding:
    """Whether trades get a price in US dollars. A stack that was just made has its first rate within a
    minute: that is waited for. `now` gives Unix time in seconds."""
    name = "SOL/USD"
    if not target.config.has_dollars:
        return skipped(name, "jupiterRequestsPerMinute is 0: no price is in US dollars")
    rate = _first_rate(target)
    cause = "Jupiter does not answer, refuses the key, or the schedule is off"
    if rate is None:
        seen = f"unknown after {FIRST_RATE_WITHIN_SECONDS} s"
        return failed(name, seen, cause=cause, remedy=target.logs("quotes"))
    seconds = now()
    seen = f"{rate.price} USD, {rate.age_seconds(now=seconds):.0f} s old"
    if rate.is_fresh(now=seconds, max_age_seconds=target.config.sol_usd_max_age_seconds):
        return well(name, seen)
    return failed(
        name,
        f"{seen}: trades have no price in US dollars",
        cause=cause,
        remedy=target.logs("quotes"),
    )


def _first_rate(target: Target) -> SolUsd | None:
    table = RouteTable(target.dynamodb, target.deployed.text("RoutesTableName"))
    began = time.monotonic()
    while (rate := table.read_with_rate()[1]) is None:
        if time.monotonic() - began > FIRST_RATE_WITHIN_SECONDS:
            return None
        time.sleep(_PAUSE_SECONDS)
    return rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """So many trades of the reserved token were stored since `since` (Unix seconds)."""

    since: float
    trades: int


def check_candles(
    target: Target, traded: Traded, *, within_seconds: float = ROLLED_UP_WITHIN_SECONDS
) -> Finding:
    """Wait until the stored candles count the trades that were sent here."""
    name = "candles"
    if traded.trades == 0:
        return skipped(name, "no trade was accepted that they could count")
    table = CandleTable(target.dynamodb, target.deployed.text("CandlesTableName"))
    began = time.monotonic()
    while (counted := _counted(table, traded)) < traded.trades:
        if time.monotonic() - began > within_seconds:
            return failed(
                name,
                f"{counted} of {traded.trades} trades are in one after {within_seconds:.0f} s",
                cause="the stream of the price table or its mapping is off, or candle-roller fails",
                remedy=f"{target.logs('candle-roller')}; then python -m ops candles rebuild --from 2h"
                f" --stack {target.name}",
            )
        time.sleep(_PAUSE_SECONDS)
    return well(name, f"all {traded.trades} trades are counted")


def _counted(table: CandleTable, traded: Traded) -> int:
    now = time.time()
    start = start_of("1m", int(traded.since))
    candles = table.range(PROBE_TOKEN, "1m", start, int(now) + MINUTE, now=now, limit=100)
    return sum(candle.trades for candle in candles)
