"""Leases of posts: a row of PriceConnectionsTable for each second, which all processes share.

pk `POSTS#<Unix second>`, sk `POSTS`; `used` is how many posts of that second are leased.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from functions.glow.prices.attributes import Row, integer
from functions.glow.runtime.aws import unavailable_unless_answered

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_ROW_LIFE_SECONDS: Final = 60


class LeaseTable:
    """Raises Unavailable when the table does not answer."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def lease(self, posts: int, *, second: int, allowed: int) -> int | None:
        """Lease `posts` of `second` if then at most `allowed` are leased.

        None: leased. Otherwise nothing was, and the answer is how many are.
        """
        with unavailable_unless_answered("the row of post leases"):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key={"pk": {"S": f"POSTS#{second}"}, "sk": {"S": "POSTS"}},
                    UpdateExpression="ADD used :posts SET expiresAt = :expires",
                    ConditionExpression="attribute_not_exists(used) OR used <= :most",
                    ExpressionAttributeValues={
                        ":posts": {"N": str(posts)},
                        ":most": {"N": str(allowed - posts)},
                        ":expires": {"N": str(second + _ROW_LIFE_SECONDS)},
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                return integer(cast("Row", error.response.get("Item")), "used")
        return None
