"""A candle: what the trades of an interval did, from the trades themselves or from shorter candles.

Both ways come to the same candle, to the last digit. So sums are exact: a volume may have more digits
than a Decimal keeps by default, or a DynamoDB number holds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final

# Amounts have 15 digits and lie between 1e-100 and 1e100 (update.py): sums of them fit.
_EXACT: Final = Context(prec=300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """What a candle needs of a stored trade; prices of one token. None: not known.

    `place`, `index_in_block` and `came` are its place in the order of trades (prices/row.py).
    `expires_at`, Unix seconds: from then on the row is not read any more.
    """

    place: str
    index_in_block: int | None
    came: tuple[int, int]
    timestamp: int
    price: Decimal
    price_usd: Decimal | None
    amount: Decimal | None
    amount_sol: Decimal | None
    expires_at: int


@dataclass(frozen=True, slots=True)
class Prices:
    """First, highest, lowest and last price."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle:
    """`time` is its start in Unix seconds.

    `usd` is None unless every trade has a price in USD. A volume is that of the trades whose amount is
    known, None if no amount is.
    """

    time: int
    sol: Prices
    usd: Prices | None
    volume: Decimal | None
    volume_sol: Decimal | None
    trades: int


def candle_of(time: int, trades: Sequence[Trade]) -> Candle:
    """The candle of `trades`, at least one, in their order."""
    usd = [trade.price_usd for trade in trades if trade.price_usd is not None]
    return Candle(
        time=time,
        sol=_prices_of([trade.price for trade in trades]),
        usd=_prices_of(usd) if len(usd) == len(trades) else None,
        volume=_sum(trade.amount for trade in trades),
        volume_sol=_sum(trade.amount_sol for trade in trades),
        trades=len(trades),
    )


def joined(time: int, candles: Sequence[Candle]) -> Candle:
    """The candle that `candles`, at least one, ascending, make together."""
    usd = [candle.usd for candle in candles if candle.usd is not None]
    return Candle(
        time=time,
        sol=_joined_prices([candle.sol for candle in candles]),
        usd=_joined_prices(usd) if len(usd) == len(candles) else None,
        volume=_sum(candle.volume for candle in candles),
        volume_sol=_sum(candle.volume_sol for candle in candles),
        trades=sum(candle.trades for candle in candles),
    )


def overlaid(stored: Iterable[Candle], fresh: Iterable[Candle]) -> list[Candle]:
    """Both, ascending. Of two with the same start the one with more trades is the later one: an
    interval never loses a trade."""
    by_time: dict[int, Candle] = {}
    for candle in (*stored, *fresh):
        known = by_time.get(candle.time)
        if known is None or known.trades <= candle.trades:
            by_time[candle.time] = candle
    return [by_time[time] for time in sorted(by_time)]


def _prices_of(prices: Sequence[Decimal]) -> Prices:
    return Prices(prices[0], max(prices), min(prices), prices[-1])


def _joined_prices(prices: Sequence[Prices]) -> Prices:
    return Prices(
        prices[0].open,
        max(each.high for each in prices),
        min(each.low for each in prices),
        prices[-1].close,
    )


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    total: Decimal | None = None
    for amount in amounts:
        if amount is not None:
            total = amount if total is None else _EXACT.add(total, amount)
    return None if total is None else _EXACT.normalize(total)
