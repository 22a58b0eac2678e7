"""CandlesTable: a row for each minute, hour and day of a token in which it was traded.

Keys: `series`, such as `<token>#1m`, and `time`, the start in Unix seconds with 10 digits. A row ends
with `expiresAt`, which counts from its start. Prices are numbers, volumes are texts: a sum may have
more than the 38 digits of a DynamoDB number (candle.py).

A row is written by whoever has counted at least as many trades. An interval never loses a trade, and
reads are consistent, so more trades are the later state. Retries, batches out of turn and two writers
at once all end with the row of the last state.

A row of a minute has `firstExpiry`: when the first of the trades that it counts will be gone. From
then on the trades do not tell the minute any more, and the row stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.glow.candles.candle import Candle
from functions.glow.candles.intervals import Series
from functions.glow.candles.items import candle_of_row, item_of, series_key, time_key
from functions.glow.runtime.aws import unavailable_unless_answered

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import QueryInputTypeDef

    from functions.glow.candles.items import Item

_PART: Final = "the candle table"
# Trades were read a moment ago, maybe by a clock that is behind this one.
_CLOCK_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class CandleRow:
    """A candle to be stored. Of a minute, `first_expiry` is when its first trade expires."""

    token: str
    series: Series
    candle: Candle
    first_expiry: int | None = None


class CandleTable:
    """Consistent reads, and conditional writes. `now` is Unix time in seconds.

    Raises Unavailable when the table does not answer.
    """

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def put(self, row: CandleRow, *, retention_seconds: int, now: float) -> bool:
        """Store it, unless what is there counts more trades, or counts some that are gone."""
        item = item_of(row.token, row.series, row.candle)
        item["expiresAt"] = {"N": str(row.candle.time + retention_seconds)}
        if row.first_expiry is not None:
            item["firstExpiry"] = {"N": str(row.first_expiry)}
        with unavailable_unless_answered(_PART):
            return self._put(item, now)

    def range(
        self, token: str, series: Series, start: int, end: int, *, now: float, limit: int
    ) -> list[Candle]:
        """At most `limit`, ascending, with `start` <= time < `end`."""
        if start >= end:  # DynamoDB refuses such a range
            return []
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": "series = :series AND #time BETWEEN :start AND :last",
            "FilterExpression": "expiresAt > :now",
            "ExpressionAttributeNames": {"#time": "time"},  # a reserved word
            "ExpressionAttributeValues": {
                ":series": {"S": series_key(token, series)},
                ":start": {"S": time_key(start)},
                ":last": {"S": time_key(end - 1)},
                ":now": {"N": str(int(now))},
            },
            "ConsistentRead": True,
            "Limit": limit,
        }
        found: list[Candle] = []
        while len(found) < limit:
            with unavailable_unless_answered(_PART):
                answer = self._client.query(**query)
            found += map(candle_of_row, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                break
            # An answer ends at 1 MB. The next one would have as much again, and be billed for it.
            query["Limit"] = limit - len(found)
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return found[:limit]

    def _put(self, item: Item, now: float) -> bool:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression=(
                    "attribute_not_exists(trades) OR (trades <= :trades"
                    " AND (attribute_not_exists(firstExpiry) OR firstExpiry > :soon))"
                ),
                ExpressionAttributeValues={
                    ":trades": item["trades"],
                    ":soon": {"N": str(int(now) + _CLOCK_SECONDS)},
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True
