"""Candles: the stack's, which are joined, and those that grow by trades. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final, Literal

from .fields import Fields
from .update import Update, place_of

Interval = Literal["1m", "5m", "15m", "1h", "4h", "1d"]
Currency = Literal["sol", "usd"]

SECONDS: Final[Mapping[str, int]] = {
    "1m": 60,
    "5m": 300,
    "15m": 900,
    "1h": 3_600,
    "4h": 14_400,
    "1d": 86_400,
}
"""How long each interval is."""

# As in the stack: amounts have 15 digits and lie between 1e-100 and 1e100, so sums of them are exact.
_EXACT: Final = Context(prec=300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle:
    """What the trades of an interval did; `time` is its start in Unix seconds.

    `open`, `high`, `low` and `close` are in the chart's currency; None in dollars where a trade has no
    price in dollars. `volume` in tokens and `volume_sol` in SOL are those of the trades whose amount is
    known, None if none is. `running`: it grows by the trades that come; when it is over, the stack's own
    numbers take its place.
    """

    time: int
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal | None
    volume: Decimal | None
    volume_sol: Decimal | None
    trades: int
    running: bool


@dataclass(frozen=True, slots=True)
class ChartCandle:
    """A candle for the user that is new or has changed; `is_history` if it was read at the beginning."""

    candle: Candle
    is_history: bool


class GrowingCandle:
    """A candle of trades that come one by one, in any order."""

    def __init__(self, time: int, currency: Currency) -> None:
        self.time: Final = time
        self.heard_at = float("-inf")  # when its last trade came
        self._currency = currency
        self._trades = 0
        self._volume: Decimal | None = None
        self._volume_sol: Decimal | None = None
        self._is_priced = True
        self._first: tuple[str, Decimal] | None = None  # the trades that opened and closed it
        self._last: tuple[str, Decimal] | None = None
        self._high: Decimal | None = None
        self._low: Decimal | None = None

    @property
    def candle(self) -> Candle:
        is_priced = self._is_priced and self._first is not None and self._last is not None
        return Candle(
            time=self.time,
            open=self._first[1] if is_priced and self._first else None,
            high=self._high if is_priced else None,
            low=self._low if is_priced else None,
            close=self._last[1] if is_priced and self._last else None,
            volume=self._volume,
            volume_sol=self._volume_sol,
            trades=self._trades,
            running=True,
        )

    def add(self, update: Update, now: float) -> None:
        self.heard_at = now
        self._trades += 1
        self._volume = _sum([self._volume, update.amount])
        self._volume_sol = _sum([self._volume_sol, update.amount_sol])
        price = update.price_usd if self._currency == "usd" else update.price
        if price is None:
            self._is_priced = False
            return
        place = place_of(update.id)
        if self._first is None or place < self._first[0]:
            self._first = (place, price)
        if self._last is None or place >= self._last[0]:
            self._last = (place, price)
        self._high = price if self._high is None else max(self._high, price)
        self._low = price if self._low is None else min(self._low, price)


def joined(time: int, candles: Sequence[Candle]) -> Candle:
    """The running candle that others, at least one, ascending, make together."""
    highs = [candle.high for candle in candles if candle.high is not None]
    lows = [candle.low for candle in candles if candle.low is not None]
    is_priced = len(highs) == len(lows) == len(candles)
    return Candle(
        time=time,
        open=candles[0].open if is_priced else None,
        high=max(highs) if is_priced else None,
        low=min(lows) if is_priced else None,
        close=candles[-1].close if is_priced else None,
        volume=_sum(candle.volume for candle in candles),
        volume_sol=_sum(candle.volume_sol for candle in candles),
        trades=sum(candle.trades for candle in candles),
        running=True,
    )


def parse_candle(fields: Fields) -> Candle:
    """Read a candle of the stack. Raises ValueError."""
    match fields:
        case {"time": int(time), "trades": int(trades)}:
            return Candle(
                time=time,
                open=_number(fields.get("open")),
                high=_number(fields.get("high")),
                low=_number(fields.get("low")),
                close=_number(fields.get("close")),
                volume=_number(fields.get("volume")),
                volume_sol=_number(fields.get("volumeSol")),
                trades=trades,
                running=fields.get("running") is True,
            )
        case _:
            raise ValueError(f"no candle: {fields}")


def _number(value: object) -> Decimal | None:
    return Decimal(value) if isinstance(value, Decimal | int) else None


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    total: Decimal | None = None
    for amount in amounts:
        if amount is not None:
            total = amount if total is None else _EXACT.add(total, amount)
    return total
