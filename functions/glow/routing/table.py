"""RoutesTable: the routing item. One row, `id` = `ROUTING`, and beside it the known tokens.

`current` and `previous` are JSON, `changedAt` is Unix ms. They change by `pulumi up` alone. `health`
is written by publishers at any time, so the two are written separately.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from functions.glow.prices.attributes import Row, integer, text
from functions.glow.routing.policy import parse_policy
from functions.glow.routing.routes import (
    EdgeHealth,
    Routes,
    parse_health,
    parse_previous,
    previous_to_json,
)
from functions.glow.runtime.aws import unavailable_unless_answered

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

_KEY: Final[dict[str, AttributeValueTypeDef]] = {"id": {"S": "ROUTING"}}
_PART: Final = "the routing table"


class RouteTable:
    """Reads and writes the item. Raises Unavailable when the table does not answer."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def read(self) -> Routes | None:
        """The item as it is now; None before the first `pulumi up` has written it."""
        with unavailable_unless_answered(_PART):
            answer = self._client.get_item(TableName=self._table, Key=_KEY, ConsistentRead=True)
        row: Row | None = answer.get("Item")
        if row is None or "current" not in row:
            return None
        return Routes(
            current=parse_policy(text(row, "current")),
            since_ms=integer(row, "changedAt"),
            previous=parse_previous(text(row, "previous")),
            health=_health(row),
        )

    def write(self, routes: Routes) -> None:
        """Write all but `health`, which publishers may be writing at the same time."""
        with unavailable_unless_answered(_PART):
            self._client.update_item(
                TableName=self._table,
                Key=_KEY,
                UpdateExpression="SET #current = :current, changedAt = :changed, previous = :previous",
                ExpressionAttributeNames={"#current": "current"},  # a reserved word
                ExpressionAttributeValues={
                    ":current": {"S": routes.current.to_json()},
                    ":changed": {"N": str(routes.since_ms)},
                    ":previous": {"S": previous_to_json(routes.previous)},
                },
            )

    def replace_health(self, seen: EdgeHealth, health: EdgeHealth) -> bool:
        """Write `health` unless another process has changed `seen` since; whether it was written."""
        with unavailable_unless_answered(_PART):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=_KEY,
                    UpdateExpression="SET health = :health",
                    ConditionExpression="health = :seen OR attribute_not_exists(health)",
                    ExpressionAttributeValues={
                        ":seen": {"S": seen.to_json()},
                        ":health": {"S": health.to_json()},
                    },
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True


def _health(row: Row) -> EdgeHealth:
    return parse_health(text(row, "health")) if "health" in row else EdgeHealth()
