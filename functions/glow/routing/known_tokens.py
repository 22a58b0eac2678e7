"""The tokens that clients may follow at the edge. Cloudflare cannot list the rooms that exist.

Each token that is traded has a row beside the routing item, `id` = `TOKEN#<token>`. So a change of route
also reaches tokens without trades. A row expires after LIFE_SECONDS. Tokens of config need none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, cast

from functions.glow import log
from functions.glow.prices.attributes import Row, integer, text
from functions.glow.runtime.aws import unavailable_unless_answered
from functions.glow.token import PROBE_TOKEN

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import (
        KeysAndAttributesTypeDef,
        ScanInputTypeDef,
        WriteRequestTypeDef,
    )

LIFE_SECONDS: Final = 30 * 86_400
# No connection is older than that: a token that is remembered for so long yet is told of each change.
SURE_SECONDS: Final = LIFE_SECONDS // 2
# Each process writes a row again this often, which is enough for one that lives for days.
_REFRESH_SECONDS: Final = 6 * 3_600
_MAX_REMEMBERED: Final = 100_000
_BATCH_ROWS: Final = 25  # BatchWriteItem's limit
_MAX_TRIES: Final = 3
_PAGE_ROWS: Final = 2_000  # four orders to rooms, which are given at once (edge/rooms.py)
_PREFIX: Final = "TOKEN#"
_PART: Final = "the routing table"


class KnownTokens:
    """Raises Unavailable when the table does not answer. `now` is Unix time in seconds.

    `configured` are the tokens of config, for those who look tokens up.
    """

    def __init__(
        self, client: DynamoDBClient, table: str, configured: frozenset[str] = frozenset()
    ) -> None:
        self._client = client
        self._table = table
        self._configured = configured
        self._noted_at: dict[str, float] = {}

    def unnoted(self, tokens: Iterable[str], *, now: float) -> list[str]:
        """Those that this process has not written lately; mostly there are none."""
        real = (token for token in tokens if token != PROBE_TOKEN)
        return sorted({token for token in real if self._is_due(token, now)})

    def note(self, tokens: Sequence[str], *, now: float) -> None:
        """Write a row for each of `tokens`. One that the table does not process stays unnoted, and
        is written with its next trade."""
        if len(self._noted_at) > _MAX_REMEMBERED:
            self._noted_at.clear()
        for start in range(0, len(tokens), _BATCH_ROWS):
            some = tokens[start : start + _BATCH_ROWS]
            unprocessed = self._put(some, now)
            self._noted_at.update(dict.fromkeys(set(some) - unprocessed, now))
            if unprocessed:
                log.warning("tokens_not_noted", reason="unprocessed", tokens=len(unprocessed))

    def surely_told(self, tokens: Iterable[str], *, now: float) -> set[str]:
        """Those of at most 100 `tokens` whose clients, if they connect now, will be told of any change
        of route, however long they stay. They are not if the token was not traded for SURE_SECONDS,
        or never."""
        wanted = set(tokens)
        told = wanted & self._configured
        for row in self._rows(sorted(wanted - told)):
            if integer(row, "expiresAt") - now >= SURE_SECONDS:
                told.add(text(row, "id").removeprefix(_PREFIX))
        return told

    def page(
        self, cursor: str | None, *, now: float, rows: int = _PAGE_ROWS
    ) -> tuple[Sequence[str], str | None]:
        """Known tokens in no order, at most `rows` of the table, and the cursor of the next page;
        None: this was the last."""
        scan: ScanInputTypeDef = {
            "TableName": self._table,
            "FilterExpression": "begins_with(id, :prefix) AND expiresAt > :now",
            "ExpressionAttributeValues": {
                ":prefix": {"S": _PREFIX},
                ":now": {"N": str(int(now))},
            },
            "ConsistentRead": True,
            "Limit": rows,
        }
        if cursor is not None:
            scan["ExclusiveStartKey"] = {"id": {"S": cursor}}
        with unavailable_unless_answered(_PART):
            answer = self._client.scan(**scan)
        found = {text(row, "id").removeprefix(_PREFIX) for row in answer["Items"]}
        last = answer.get("LastEvaluatedKey")
        tokens = found | self._configured if cursor is None else found - self._configured
        return sorted(tokens), None if last is None else text(last, "id")

    def _rows(self, tokens: Sequence[str]) -> list[Row]:
        """The rows of `tokens`, without those that the table does not process."""
        rows: list[Row] = []
        wanted: KeysAndAttributesTypeDef = {"Keys": [{"id": {"S": _key(each)}} for each in tokens]}
        for _ in range(_MAX_TRIES):
            if not wanted["Keys"]:
                return rows
            with unavailable_unless_answered(_PART):
                answer = self._client.batch_get_item(RequestItems={self._table: wanted})
            rows += answer.get("Responses", {}).get(self._table, [])
            unprocessed = answer.get("UnprocessedKeys", {}).get(self._table, {"Keys": []})
            wanted = cast("KeysAndAttributesTypeDef", unprocessed)
        log.warning("tokens_not_looked_up", reason="unprocessed", tokens=len(wanted["Keys"]))
        return rows

    def _is_due(self, token: str, now: float) -> bool:
        noted_at = self._noted_at.get(token)
        return noted_at is None or now - noted_at >= _REFRESH_SECONDS

    def _put(self, tokens: Sequence[str], now: float) -> set[str]:
        """Those that the table did not process: it was too busy for them, and answered without an
        error."""
        expires_at = str(int(now) + LIFE_SECONDS)
        rows: Sequence[WriteRequestTypeDef] = [
            {"PutRequest": {"Item": {"id": {"S": _key(token)}, "expiresAt": {"N": expires_at}}}}
            for token in tokens
        ]
        for _ in range(_MAX_TRIES):
            with unavailable_unless_answered(_PART):
                answer = self._client.batch_write_item(RequestItems={self._table: rows})
            unprocessed = answer.get("UnprocessedItems", {}).get(self._table, [])
            rows = cast("Sequence[WriteRequestTypeDef]", unprocessed)
            if not rows:
                break
        return {_token_of(row) for row in rows}


def _key(token: str) -> str:
    return f"{_PREFIX}{token}"


def _token_of(row: WriteRequestTypeDef) -> str:
    item = row.get("PutRequest", {"Item": {}})["Item"]
    return text(cast("Row", item), "id").removeprefix(_PREFIX)
