"""SOL/USD in the routing table: `id` = `SOL_USD`, beside the routing item, so that both are read in one call.

`price` is in US dollars, `askedAtMs` Unix time, `blockId` a slot. QuoteCollector writes it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from functions.glow.prices.attributes import Row, integer, number
from functions.glow.runtime.aws import unavailable_unless_answered
from functions.glow.usd import SolUsd

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

SOL_USD: Final = "SOL_USD"
SOL_USD_KEY: Final[dict[str, AttributeValueTypeDef]] = {"id": {"S": SOL_USD}}
_PART: Final = "the routing table"


def rate_of(row: Row) -> SolUsd:
    return SolUsd(Decimal(number(row, "price")), integer(row, "askedAtMs"), integer(row, "blockId"))


class RateRow:
    """Reads and writes it. Raises Unavailable when the table does not answer."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def read(self) -> SolUsd | None:
        with unavailable_unless_answered(_PART):
            answer = self._client.get_item(
                TableName=self._table, Key=SOL_USD_KEY, ConsistentRead=True
            )
        row: Row | None = answer.get("Item")
        return None if row is None else rate_of(row)

    def write(self, rate: SolUsd) -> bool:
        """Whether `rate` was written: not if one is there that was asked for later."""
        with unavailable_unless_answered(_PART):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=SOL_USD_KEY,
                    UpdateExpression="SET price = :price, askedAtMs = :asked, blockId = :block",
                    ConditionExpression="attribute_not_exists(id) OR askedAtMs < :asked",
                    ExpressionAttributeValues={
                        ":price": {"N": str(rate.price)},
                        ":asked": {"N": str(rate.asked_at_ms)},
                        ":block": {"N": str(rate.block_id)},
                    },
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True
