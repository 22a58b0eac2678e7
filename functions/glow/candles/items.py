"""A row of the candle table as DynamoDB's item, there and back."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from functions.glow.candles.candle import Candle, Prices
from functions.glow.prices.attributes import Row, integer, number, text
from functions.glow.update import MAX_TIMESTAMP

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from functions.glow.candles.intervals import Series

    Item = dict[str, AttributeValueTypeDef]


def series_key(token: str, series: Series) -> str:
    return f"{token}#{series}"


def time_key(time: int) -> str:
    """Unix seconds with 10 digits: the order of the texts is that of time."""
    return f"{min(max(time, 0), MAX_TIMESTAMP):010d}"


def item_of(token: str, series: Series, candle: Candle) -> Item:
    """The item, without what its life depends on."""
    item: Item = {
        "series": {"S": series_key(token, series)},
        "time": {"S": time_key(candle.time)},
        "trades": {"N": str(candle.trades)},
        **_prices_item(candle.sol, ""),
    }
    if candle.usd is not None:
        item |= _prices_item(candle.usd, "Usd")
    volumes = {"volume": candle.volume, "volumeSol": candle.volume_sol}
    for name, volume in volumes.items():
        if volume is not None:
            item[name] = {"S": str(volume)}
    return item


def candle_of_row(row: Row) -> Candle:
    return Candle(
        time=int(text(row, "time")),
        sol=_prices(row, ""),
        usd=_prices(row, "Usd") if "openUsd" in row else None,
        volume=_volume(row, "volume"),
        volume_sol=_volume(row, "volumeSol"),
        trades=integer(row, "trades"),
    )


def _prices_item(prices: Prices, suffix: str) -> Item:
    return {
        f"open{suffix}": {"N": str(prices.open)},
        f"high{suffix}": {"N": str(prices.high)},
        f"low{suffix}": {"N": str(prices.low)},
        f"close{suffix}": {"N": str(prices.close)},
    }


def _prices(row: Row, suffix: str) -> Prices:
    return Prices(
        *(Decimal(number(row, f"{name}{suffix}")) for name in ("open", "high", "low", "close"))
    )


def _volume(row: Row, name: str) -> Decimal | None:
    return Decimal(text(row, name)) if name in row else None
