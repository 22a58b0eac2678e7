"""A page of a chart: stored candles, and the newest ones made of the trades themselves.

Rows follow a trade within about six seconds. So that a chart is current, the minutes that may still
change by themselves (the running one and, for SETTLE_SECONDS, the one before) are computed at each
read, and with them the hour and the day that they lie in. A token with more than
MAX_FRESH_TRADES in them is read from its rows alone: six seconds late, but at a bounded cost.

A process remembers these minutes for a second. A partition gives 3,000 read units a second, and the
webhook reads there too: many readers of one token must not use them up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from functions.glow.candles.candle import Candle, candle_of, joined, overlaid
from functions.glow.candles.intervals import BELOW, SECONDS, Interval, Series, start_of
from functions.glow.candles.raw import RawTrades
from functions.glow.candles.table import CandleTable

# A trade is stored some seconds after its own time, and its row is made within six more.
SETTLE_SECONDS: Final = 20
# 85 read units of 4 KB, at 340 B a row.
MAX_FRESH_TRADES: Final = 1_000
REMEMBERED_SECONDS: Final = 1
_MAX_REMEMBERED: Final = 1_000
# What one request reads of the candle table: 1.3 MB, 311 units. A page of 15m is shorter for it.
MAX_ROWS: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartSpan:
    """The candles with `start` <= time < `end`, at most `limit`; `start` is the start of one."""

    interval: Interval
    start: int
    end: int
    limit: int


@dataclass(frozen=True, slots=True)
class ChartPage:
    """Ascending. `next` is the `start` of the following page, None at the end."""

    candles: Sequence[Candle]
    next: int | None


class Chart:
    """`now` is Unix time in seconds. Raises Unavailable when a table does not answer."""

    def __init__(self, trades: RawTrades, candles: CandleTable) -> None:
        self._trades = trades
        self._candles = candles
        self._newest: dict[str, tuple[float, list[Candle]]] = {}
        """By token: when they were read, and its minutes that may still change."""

    def page(self, token: str, span: ChartSpan, *, now: float) -> ChartPage:
        interval = span.interval
        series = interval.series
        limit = min(span.limit, MAX_ROWS // interval.rows)
        # Of the last candle all rows are wanted, also those behind `end`.
        end = interval.start(span.end - 1) + interval.seconds
        # One row more than so many candles can have: if all are there, a candle more begins.
        most = limit * interval.rows + 1
        fresh = [] if end <= _unsettled(now) else self._fresh(token, series, now=now)
        rows = self._candles.range(token, series, span.start, end, now=now, limit=most)
        last = rows[-1].time if len(rows) == most else end
        newest = [candle for candle in fresh if span.start <= candle.time <= last]
        candles = [
            joined(start, list(parts))
            for start, parts in groupby(
                [candle for candle in overlaid(rows, newest) if candle.time < end],
                key=lambda candle: interval.start(candle.time),
            )
        ]
        return ChartPage(candles[:limit], candles[limit].time if len(candles) > limit else None)

    def _fresh(self, token: str, series: Series, *, now: float) -> list[Candle]:
        """The rows of `series` that may be behind, as they should be."""
        if series not in BELOW:
            return self._fresh_minutes(token, now=now)
        below = BELOW[series]
        parts = self._fresh(token, below, now=now)
        return [
            joined(start, self._whole(token, series, start, parts, now=now))
            for start in sorted({start_of(series, part.time) for part in parts})
        ]

    def _fresh_minutes(self, token: str, *, now: float) -> list[Candle]:
        read_at, newest = self._newest.get(token, (0.0, []))
        if 0 <= now - read_at < REMEMBERED_SECONDS:
            return newest
        trades = self._trades.since(token, _unsettled(now), limit=MAX_FRESH_TRADES, now=now)
        by_minute = groupby(trades or [], key=lambda trade: start_of("1m", trade.timestamp))
        newest = [candle_of(minute, list(of_minute)) for minute, of_minute in by_minute]
        if len(self._newest) >= _MAX_REMEMBERED:
            self._newest.clear()
        self._newest[token] = (now, newest)
        return newest

    def _whole(
        self, token: str, series: Series, start: int, parts: Sequence[Candle], *, now: float
    ) -> list[Candle]:
        """All rows of an hour or a day, of which `parts` are newer than what is stored."""
        below, end = BELOW[series], start + SECONDS[series]
        stored = self._candles.range(
            token, below, start, end, now=now, limit=SECONDS[series] // SECONDS[below]
        )
        return overlaid(stored, [part for part in parts if start <= part.time < end])


def _unsettled(now: float) -> int:
    """The start of the first minute that may still change by itself."""
    return start_of("1m", int(now) - SETTLE_SECONDS)
