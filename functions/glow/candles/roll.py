"""Roll-up: makes the rows of the minutes that changed, then those of their hours and days.

A minute is made anew of its trades, an hour of its minutes, a day of its hours. Each is read after
what it is made of was written, and written on the condition that nobody has counted more (table.py).
So of two that work at once, the one that reads last has seen both, and its rows stay. A call that is
killed leaves nothing behind that its repetition does not mend.

Cost. One call takes all that a batch of the stream names: each minute, hour and day once. The mapping
hands out a batch in five seconds (components/aws/candle_store.py), so a token costs at most one
computation in five seconds, however much it is traded. In the worst case, each trade alone in its batch:
    stream       read by Lambda for nothing
    writes       3 rows below 1 KB            3 units x $0.625 = $1.88 per million trades
    reads        a minute of a few trades     1 unit of 4 KB
                 an hour, 60 rows of 230 B    4 units
                 a day, 24 rows               2 units, so 7 x $0.125 = $0.88 per million trades
Together $2.75. A token with r trades a second, above 0.2, shares all of it among 5 r trades. The 12
computations of a minute read 30 r of its rows on average, of 340 B and so 0.083 units: half a unit a trade.
    r = 1        writes 0.6 units, reads 0.5 + 1.2 units        = $0.59 per million trades
    r = 167      writes 0.004 units, reads 0.5 + 0.007 units    = $0.07 per million trades
The latter are 10,000 a minute. Its largest computation, of a full minute, reads 830 units, of the 3,000 that
a partition gives a second. Prices: ops/cost/prices.json.
"""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from functions.glow import log
from functions.glow.candles.candle import Candle, Trade, candle_of, joined
from functions.glow.candles.intervals import BELOW, DAY, MINUTE, SECONDS, Series, start_of
from functions.glow.candles.table import CandleRow
from functions.glow.errors import Unavailable
from functions.glow.runtime.parallel import in_parallel

# Rows expire a retention after their own start, a day's hours and minutes therefore up to a day later
# than it. While no minute is written in its last day, all that a row is made of is still there.
_LAST_DAY: Final = DAY


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A minute, hour or day of a token; `time` is its start."""

    token: str
    time: int


class Trades(Protocol):
    """RawTrades, in a deployed stack."""

    def of_minute(self, token: str, minute: int, *, now: float) -> Sequence[Trade]: ...


class Candles(Protocol):
    """CandleTable, in a deployed stack."""

    def put(self, row: CandleRow, *, retention_seconds: int, now: float) -> bool: ...

    def range(
        self, token: str, series: Series, start: int, end: int, *, now: float, limit: int
    ) -> Sequence[Candle]: ...


class RollUp:
    """Raises nothing: it tells what it could not do. `now` is Unix time in seconds."""

    def __init__(self, trades: Trades, candles: Candles, *, retention_seconds: int) -> None:
        self._trades = trades
        self._candles = candles
        self._retention_seconds = retention_seconds

    def run(self, minutes: Iterable[Span], *, now: float) -> frozenset[Span]:
        """Make the rows that `minutes` are in; those of `minutes` for which that failed."""
        due = {each for each in minutes if self._is_kept(each, now)}
        failed = self._each(due, partial(self._roll_minute, now=now))
        for series in BELOW:
            spans = {Span(each.token, start_of(series, each.time)) for each in due}
            lost = self._each(spans, partial(self._roll, series, now=now))
            failed |= {
                each for each in due if Span(each.token, start_of(series, each.time)) in lost
            }
        return frozenset(failed)

    def _is_kept(self, minute: Span, now: float) -> bool:
        return minute.time + self._retention_seconds - _LAST_DAY > now

    def _each(self, spans: Set[Span], roll: Callable[[Span], None]) -> set[Span]:
        """`roll` each, many at once; those whose table did not answer."""

        def fails(span: Span) -> bool:
            try:
                roll(span)
            except Unavailable as error:
                log.exception("not_rolled", token=span.token, time=span.time, reason=str(error))
                return True
            return False

        ordered = sorted(spans)
        return {
            span
            for span, has_failed in zip(ordered, in_parallel(fails, ordered), strict=True)
            if has_failed
        }

    def _roll_minute(self, minute: Span, *, now: float) -> None:
        trades = self._trades.of_minute(minute.token, minute.time, now=now)
        if not trades:  # only suspects and quotes
            return
        candle = candle_of(minute.time, trades)
        first_expiry = min(trade.expires_at for trade in trades)
        self._put(CandleRow(minute.token, "1m", candle, first_expiry), now=now)

    def _roll(self, series: Series, span: Span, *, now: float) -> None:
        """An hour or a day."""
        below = BELOW[series]
        end = span.time + SECONDS[series]
        parts = self._candles.range(
            span.token, below, span.time, end, now=now, limit=SECONDS[series] // SECONDS[below]
        )
        if parts:
            self._put(CandleRow(span.token, series, joined(span.time, parts)), now=now)

    def _put(self, row: CandleRow, *, now: float) -> None:
        if not self._candles.put(row, retention_seconds=self._retention_seconds, now=now):
            log.info(
                "candle_kept", token=row.token, series=row.series, time=row.candle.time,
                trades=row.candle.trades,
            )  # fmt: skip


def minute_of(token: str, timestamp: int) -> Span:
    return Span(token, timestamp - timestamp % MINUTE)
