"""What connections may listen to, on their own rows of PriceConnectionsTable.

`listensUntil` is in Unix seconds, `mayHear` a set of tokens; without `mayHear` it is every one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.glow.errors import Unauthorized, Unavailable
from functions.glow.listeners.claims import Claims
from functions.glow.prices.attributes import integer, texts
from functions.glow.runtime.aws import unavailable_unless_answered
from functions.glow.sockets.subscriptions import PART, connection_key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef


class AuthorizationTable:
    """Raises Unavailable."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def keep(self, connection_id: str, claims: Claims) -> None:
        """Note the claims, in place of earlier ones."""
        values: dict[str, AttributeValueTypeDef] = {":until": {"N": str(claims.ends_at)}}
        update = "SET listensUntil = :until REMOVE mayHear"
        if claims.tokens is not None:
            values[":tokens"] = {"SS": sorted(claims.tokens)}
            update = "SET listensUntil = :until, mayHear = :tokens"
        with unavailable_unless_answered(PART):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=connection_key(connection_id),
                    UpdateExpression=update,
                    ConditionExpression="attribute_exists(pk)",
                    ExpressionAttributeValues=values,
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                raise Unavailable("this connection is closing; connect again") from error

    def find(self, connection_id: str) -> Claims | None:
        """The claims of the connection; None: it has shown none."""
        with unavailable_unless_answered(PART):
            answer = self._client.get_item(
                TableName=self._table, Key=connection_key(connection_id), ConsistentRead=True
            )
        row = answer.get("Item", {})
        if "listensUntil" not in row:
            return None
        tokens = texts(row, "mayHear") if "mayHear" in row else None
        return Claims(tokens, integer(row, "listensUntil"))


def not_authorized() -> Unauthorized:
    return Unauthorized(
        'this stack wants to know who listens: first send {"action":"authorize","token":<access token>},'
        " and wait for AUTHORIZED"
    )
