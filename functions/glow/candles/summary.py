"""A token in a list: its newest price, and what the last 24 hours did. A bounded number of reads."""

from collections.abc import Mapping
from typing import Final

from functions.glow.candles.candle import Candle, joined
from functions.glow.candles.intervals import DAY, HOUR, MINUTE, start_of
from functions.glow.candles.table import CandleTable
from functions.glow.prices.table import PriceTable
from functions.glow.update import Update

_HOURS: Final = DAY // HOUR + 1
_MINUTES: Final = HOUR // MINUTE
# A trade may be stamped so long ahead (trades/parse.py).
_AHEAD_SECONDS: Final = 60

Content = Mapping[str, object]


class Summaries:
    """`now` is Unix time in seconds. Raises Unavailable when a table does not answer."""

    def __init__(self, prices: PriceTable, candles: CandleTable) -> None:
        self._prices = prices
        self._candles = candles

    def of(self, token: str, *, now: float) -> Content:
        """Ready for JSON. What is not known is left out: all but `token`, of one without a price.

        It takes three queries: some rows of prices, at most 25 hours, and the minutes before the first
        full hour.
        """
        newest = self._prices.newest(token, now=now)
        if newest is None:
            return {"token": token}
        day = self._last_day(token, now=now)
        return {**_of_newest(newest), **({} if day is None else _of_day(day, newest))}

    def _last_day(self, token: str, *, now: float) -> Candle | None:
        """The last 24 hours, to the minute, as one candle."""
        since = start_of("1m", int(now)) - DAY
        first_hour = start_of("1h", since + HOUR - 1)
        end = int(now) + _AHEAD_SECONDS
        hours = self._candles.range(token, "1h", first_hour, end, now=now, limit=_HOURS + 1)
        minutes = self._candles.range(token, "1m", since, first_hour, now=now, limit=_MINUTES)
        candles = [*minutes, *hours]
        return joined(since, candles) if candles else None


def with_age(summary: Content, *, now: float) -> Content:
    """`summary` with the age of its price, which is another one each second."""
    timestamp = summary.get("timestamp")
    if not isinstance(timestamp, int):
        return summary
    return {**summary, "ageSeconds": max(0, int(now) - timestamp)}


def _of_newest(newest: Update) -> Content:
    update = newest.to_dict()
    names = ("token", "price", "priceUsd", "timestamp")
    return {name: update[name] for name in names if name in update}


def _of_day(day: Candle, newest: Update) -> Content:
    """Against the first trade of the 24 hours, as exchanges count it."""
    volumes = {"volume24h": day.volume, "volumeSol24h": day.volume_sol}
    return {
        "change24h": round(float(newest.price / day.sol.open - 1), 6),
        **{name: float(volume) for name, volume in volumes.items() if volume is not None},
        "trades24h": day.trades,
    }
