"""The trades of a token as candles need them: rows of PriceTimeSeriesTable, in trade order.

Left out: suspects (trades/gate.py), quotes, which are prices that nobody traded at, and the expired.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from functions.glow.candles.candle import Trade
from functions.glow.candles.intervals import MINUTE
from functions.glow.prices.attributes import Row, integer, number, text
from functions.glow.prices.row import in_trade_order
from functions.glow.runtime.aws import unavailable_unless_answered
from functions.glow.update import place_of, timestamp_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import QueryInputTypeDef

QUOTE: Final = "jupiter"
"""The `source` of a quote."""
_LAST: Final = "~"  # above every character that an id may hold
_ATTRIBUTES: Final = (
    "id, price, priceUsd, amount, amountSol, arrivedAtMs, indexInBody, indexInBlock, expiresAt"
)


class RawTrades:
    """Consistent reads; `now` is Unix time in seconds. Raises Unavailable when the table does not answer."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def of_minute(self, token: str, minute: int, *, now: float) -> list[Trade]:
        """All trades of the minute that begins at `minute`, in as many reads of 1 MB as they take."""
        query = self._query(token, minute, minute + MINUTE, now=now)
        found: list[Trade] = []
        while True:
            with unavailable_unless_answered("the price table"):
                answer = self._client.query(**query)
            found += map(trade_of, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return in_trade_order(found)
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def since(self, token: str, start: int, *, limit: int, now: float) -> list[Trade] | None:
        """The trades from second `start` on, or None if these are more than `limit` rows: one read."""
        query = self._query(token, start, None, now=now)
        query["Limit"] = limit + 1
        with unavailable_unless_answered("the price table"):
            answer = self._client.query(**query)
        if "LastEvaluatedKey" in answer:
            return None
        return in_trade_order([trade_of(row) for row in answer["Items"]])

    def minutes(self, token: str, start: int, end: int, *, now: float) -> list[int]:
        """The minutes from `start` until `end` in which something is stored, ascending."""
        query = self._query(token, start, end, now=now)
        query["ProjectionExpression"] = "id"
        found: set[int] = set()
        while True:
            with unavailable_unless_answered("the price table"):
                answer = self._client.query(**query)
            times = (timestamp_of(text(row, "id")) for row in answer["Items"])
            found |= {time - time % MINUTE for time in times}
            if "LastEvaluatedKey" not in answer:
                return sorted(found)
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _query(self, token: str, start: int, end: int | None, *, now: float) -> QueryInputTypeDef:
        """Of rows with `start` <= second < `end`."""
        return {
            "TableName": self._table,
            "KeyConditionExpression": "#token = :token AND id BETWEEN :low AND :high",
            "FilterExpression": (
                "expiresAt > :now AND attribute_not_exists(jumpedFrom)"
                " AND (attribute_not_exists(#source) OR #source <> :quote)"
            ),
            "ProjectionExpression": _ATTRIBUTES,
            # reserved words
            "ExpressionAttributeNames": {"#token": "token", "#source": "source"},
            "ExpressionAttributeValues": {
                ":token": {"S": token},
                ":low": {"S": f"{start:010d}-"},
                ":high": {"S": _LAST if end is None else f"{end - 1:010d}-{_LAST}"},
                ":now": {"N": str(int(now))},
                ":quote": {"S": QUOTE},
            },
            "ConsistentRead": True,
        }


def trade_of(row: Row) -> Trade:
    id_ = text(row, "id")
    return Trade(
        place=place_of(id_),
        index_in_block=integer(row, "indexInBlock") if "indexInBlock" in row else None,
        came=(
            integer(row, "arrivedAtMs"),
            integer(row, "indexInBody") if "indexInBody" in row else 0,
        ),
        timestamp=timestamp_of(id_),
        price=Decimal(number(row, "price")),
        price_usd=_optional(row, "priceUsd"),
        amount=_optional(row, "amount"),
        amount_sol=_optional(row, "amountSol"),
        expires_at=integer(row, "expiresAt"),
    )


def _optional(row: Row, name: str) -> Decimal | None:
    return Decimal(number(row, name)) if name in row else None
