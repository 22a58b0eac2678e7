"""A candle as clients get it, ready for JSON; its numbers are the nearest floats."""

from collections.abc import Mapping

from functions.glow.candles.candle import Candle
from functions.glow.candles.query import Currency


def to_dict(
    candle: Candle, currency: Currency, *, seconds: int, now: float
) -> Mapping[str, object]:
    """What is not known is left out: prices in USD where a trade lacks one, a volume of which no
    amount is known."""
    prices = candle.sol if currency == "sol" else candle.usd
    of_prices = (
        {}
        if prices is None
        else {
            "open": float(prices.open),
            "high": float(prices.high),
            "low": float(prices.low),
            "close": float(prices.close),
        }
    )
    volumes = {"volume": candle.volume, "volumeSol": candle.volume_sol}
    return {
        "time": candle.time,
        **of_prices,
        **{name: float(volume) for name, volume in volumes.items() if volume is not None},
        "trades": candle.trades,
        **({"running": True} if candle.time + seconds > now else {}),
    }
