"""Who is behind: subscriptions that were not sent an update, marked on their own rows.

`behind` is the first id that was missed, `failingSinceMs` when its post first failed. While a row is
marked, no broadcast is sent to it: LaterWorker sends what was missed, in order, and takes the mark
away. Subscribing again does so too, because it writes the row anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from functions.glow.errors import Unavailable
from functions.glow.prices.attributes import Row, integer, text
from functions.glow.runtime.aws import unavailable_unless_answered
from functions.glow.sockets.subscriptions import PART, delivery_of, subscription_key
from functions.glow.update import Delivery

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import KeysAndAttributesTypeDef

MAX_FOUND: Final = 100  # what one BatchGetItem takes

_MAX_READ_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Lagging:
    """A subscription that missed the update `behind`, and maybe later ones."""

    connection_id: str
    delivery: Delivery
    behind: str
    failing_since_ms: int


class LagTable:
    """Marks rows of PriceConnectionsTable. `now` is Unix time in seconds. Raises Unavailable."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def mark(self, token: str, connection_id: str, missed: str, *, now: float) -> bool:
        """Note that `missed` was not sent; False if the connection does not listen any more."""
        with unavailable_unless_answered(PART):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=subscription_key(connection_id, token),
                    UpdateExpression="SET behind = :missed,"
                    " failingSinceMs = if_not_exists(failingSinceMs, :now)",
                    ConditionExpression="attribute_exists(pk)"
                    " AND (attribute_not_exists(behind) OR behind > :missed)",
                    ExpressionAttributeValues={
                        ":missed": {"S": missed},
                        ":now": {"N": str(int(now * 1_000))},
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                return bool(error.response.get("Item"))  # it was behind already
        return True

    def find(self, token: str, connection_ids: Sequence[str], *, now: float) -> list[Lagging]:
        """Which of `connection_ids`, at most MAX_FOUND, are behind."""
        wanted: KeysAndAttributesTypeDef = {
            "Keys": [subscription_key(id_, token) for id_ in connection_ids],
            "ConsistentRead": True,
        }
        rows: list[Row] = []
        for _ in range(_MAX_READ_TRIES):
            with unavailable_unless_answered(PART):
                answer = self._client.batch_get_item(RequestItems={self._table: wanted})
            rows += answer.get("Responses", {}).get(self._table, [])
            unprocessed = answer.get("UnprocessedKeys", {}).get(self._table)
            if not unprocessed:
                return [
                    _lagging(row)
                    for row in rows
                    if "behind" in row and integer(row, "expiresAt") > now
                ]
            wanted = cast("KeysAndAttributesTypeDef", unprocessed)
        raise Unavailable(f"{PART} did not answer in full; send it again")

    def clear(self, token: str, lagging: Lagging) -> bool:
        """Take the mark away, unless it was changed meanwhile; whether it is away."""
        with unavailable_unless_answered(PART):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=subscription_key(lagging.connection_id, token),
                    UpdateExpression="REMOVE behind, failingSinceMs",
                    ConditionExpression="behind = :behind",
                    ExpressionAttributeValues={":behind": {"S": lagging.behind}},
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True


def _lagging(row: Row) -> Lagging:
    return Lagging(
        text(row, "sk"), delivery_of(row), text(row, "behind"), integer(row, "failingSinceMs")
    )
