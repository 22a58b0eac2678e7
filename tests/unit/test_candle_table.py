"""The candle table's reads, with answers that end before their limit, as DynamoDB's do at 1 MB."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from functions.glow.candles.candle import Candle, Prices
from functions.glow.candles.items import item_of
from functions.glow.candles.table import CandleTable

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ROWS = [
    item_of(
        "SOL",
        "1m",
        Candle(
            time=time,
            sol=Prices(*[Decimal(1)] * 4),
            usd=None,
            volume=None,
            volume_sol=None,
            trades=1,
        ),
    )
    for time in range(0, 600, 60)
]
MOST = 4
"""Rows of an answer."""


class Client:
    """`read` is how many rows each answer had."""

    def __init__(self) -> None:
        self.read: list[int] = []

    def query(self, **query: Any) -> dict[str, object]:
        start = query.get("ExclusiveStartKey", 0)
        rows = ROWS[start : start + min(MOST, query["Limit"])]
        self.read.append(len(rows))
        return {"Items": rows, "LastEvaluatedKey": start + len(rows)}


def test_range_reads_no_more_rows_than_it_wants() -> None:
    client = Client()
    table = CandleTable(cast("DynamoDBClient", client), "candles")

    found = table.range("SOL", "1m", 0, 600, now=0, limit=6)

    assert [candle.time for candle in found] == [0, 60, 120, 180, 240, 300]
    assert client.read == [4, 2]
