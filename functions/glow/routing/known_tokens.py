"""The tokens that clients may follow at the edge. Cloudflare cannot list the rooms that exist.

Each token that is traded or asked for has a row beside the routing item, `id` = `TOKEN#<token>`. So
a change of route also reaches tokens without trades. A row expires after LIFE_SECONDS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from functions.glow.prices.attributes import text
from functions.glow.runtime.aws import unavailable_unless_answered

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import ScanInputTypeDef, WriteRequestTypeDef

LIFE_SECONDS: Final = 30 * 86_400
# Each process writes a row again this often, which is enough for one that lives for days.
_REFRESH_SECONDS: Final = 6 * 3_600
_MAX_REMEMBERED: Final = 100_000
_BATCH_ROWS: Final = 25  # BatchWriteItem's limit
_PREFIX: Final = "TOKEN#"
_PART: Final = "the routing table"


class KnownTokens:
    """Raises Unavailable when the table does not answer. `now` is Unix time in seconds."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table
        self._noted_at: dict[str, float] = {}

    def unnoted(self, tokens: Iterable[str], *, now: float) -> list[str]:
        """Those that this process has not written lately; mostly there are none."""
        return sorted({token for token in tokens if self._is_due(token, now)})

    def note(self, tokens: Sequence[str], *, now: float) -> None:
        """Write a row for each of `tokens`."""
        for start in range(0, len(tokens), _BATCH_ROWS):
            self._put(tokens[start : start + _BATCH_ROWS], now)
        if len(self._noted_at) > _MAX_REMEMBERED:
            self._noted_at.clear()
        self._noted_at.update(dict.fromkeys(tokens, now))

    def all(self, *, now: float) -> Iterator[str]:
        """Every known token, in no order."""
        scan: ScanInputTypeDef = {
            "TableName": self._table,
            "FilterExpression": "begins_with(id, :prefix) AND expiresAt > :now",
            "ExpressionAttributeValues": {
                ":prefix": {"S": _PREFIX},
                ":now": {"N": str(int(now))},
            },
            "ConsistentRead": True,
        }
        while True:
            with unavailable_unless_answered(_PART):
                answer = self._client.scan(**scan)
            yield from (text(row, "id").removeprefix(_PREFIX) for row in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            scan["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _is_due(self, token: str, now: float) -> bool:
        noted_at = self._noted_at.get(token)
        return noted_at is None or now - noted_at >= _REFRESH_SECONDS

    def _put(self, tokens: Sequence[str], now: float) -> None:
        """Rows that the table leaves unprocessed are left to the next process that meets the token."""
        rows: list[WriteRequestTypeDef] = [
            {
                "PutRequest": {
                    "Item": {
                        "id": {"S": f"{_PREFIX}{token}"},
                        "expiresAt": {"N": str(int(now) + LIFE_SECONDS)},
                    }
                }
            }
            for token in tokens
        ]
        with unavailable_unless_answered(_PART):
            self._client.batch_write_item(RequestItems={self._table: rows})
