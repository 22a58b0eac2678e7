"""The candles of trades, computed by other means than the code's: all trades at once, in integers."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Context, Decimal

from functions.glow.candles.candle import Candle, Prices, Trade

_DIGITS = 40  # behind the point; no amount of a test has more
_WIDE = Context(prec=400)


def expected(trades: Sequence[Trade], seconds: int) -> list[Candle]:
    """The candles of `seconds` each, ascending."""
    groups: dict[int, list[Trade]] = defaultdict(list)
    for trade in sorted(trades, key=lambda each: (each.place, each.came)):
        groups[trade.timestamp // seconds * seconds].append(trade)
    return [_candle(time, groups[time]) for time in sorted(groups)]


def _candle(time: int, trades: Sequence[Trade]) -> Candle:
    usd = [trade.price_usd for trade in trades if trade.price_usd is not None]
    return Candle(
        time=time,
        sol=_corners([trade.price for trade in trades]),
        usd=_corners(usd) if len(usd) == len(trades) else None,
        volume=_total([trade.amount for trade in trades]),
        volume_sol=_total([trade.amount_sol for trade in trades]),
        trades=len(trades),
    )


def _corners(prices: Sequence[Decimal]) -> Prices:
    by_size = sorted(prices)
    return Prices(prices[0], by_size[-1], by_size[0], prices[-1])


def _total(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount.scaleb(_DIGITS, context=_WIDE) for amount in amounts if amount is not None]
    if not known:
        return None
    units = [int(each) for each in known]
    assert units == known
    return Decimal(sum(units)).scaleb(-_DIGITS, context=_WIDE).normalize(_WIDE)
