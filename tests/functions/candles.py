"""Stored trades, and their changes as the price table's stream tells them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from functions.glow.candles.intervals import Series
from functions.glow.candles.stream import StreamEvent, StreamRecord
from functions.glow.candles.table import CandleTable
from functions.glow.prices.items import item_of
from functions.glow.prices.row import Details
from functions.glow.update import Update
from tests.functions.builders import a_signature
from tests.functions.cloud import CANDLES

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def a_trade(
    token: str, timestamp: int, *, price: str = "0.5", slot: int = 300_000_000, amount: str = "4"
) -> Update:
    return Update(
        token,
        Decimal(price),
        timestamp,
        slot,
        a_signature(),
        side="buy",
        amount=Decimal(amount),
        amount_sol=Decimal(amount) * Decimal(price),
    )


def changes_of(updates: Sequence[Update], *, first: int = 1) -> StreamEvent:
    """A batch that tells of `updates`, its records numbered from `first`."""
    records: list[StreamRecord] = [
        {
            "dynamodb": {
                "Keys": {"token": {"S": update.token}, "id": {"S": update.id}},
                "NewImage": item_of(update, Details()),
                "SequenceNumber": str(number),
            }
        }
        for number, update in enumerate(updates, first)
    ]
    return {"Records": records}


def stored(client: DynamoDBClient, token: str, series: Series) -> list[tuple[int, str, str, int]]:
    """Time, open, close and number of trades of each row."""
    table = CandleTable(client, CANDLES)
    found = table.range(token, series, 0, 9_999_999_999, now=0, limit=1_000)
    return [(each.time, str(each.sol.open), str(each.sol.close), each.trades) for each in found]
