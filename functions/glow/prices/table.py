"""PriceTimeSeriesTable: every update, once, until its retention ends.

Keys: `token`, then the update's `id`, so that a query runs in the order of trade time. `arrivedAtMs`
is when it was stored; `expiresAt` (s) counts from then, so a trade of 2009 is kept as long as one
of today. DynamoDB deletes up to two days late (facts/aws.md §3), so every read skips the expired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from functions.glow.errors import Unavailable
from functions.glow.prices.attributes import Row, integer, number, text
from functions.glow.runtime.aws import unavailable_unless_answered
from functions.glow.runtime.parallel import in_parallel
from functions.glow.update import Update

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import QueryInputTypeDef

# `-` sorts below every character that an id's last part may hold, `~` above all of them.
_FIRST: Final = "-"
_LAST: Final = "~"
# As many rows (~180 B) as one read unit of 4 KB holds: expired ones may lie above the newest.
_NEWEST_ROWS_PER_READ: Final = 20


@dataclass(frozen=True, slots=True)
class Stored:
    """The update was not there before."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same transaction had stored it at `arrived_at_ms`."""

    arrived_at_ms: int


@dataclass(frozen=True, slots=True)
class IdTaken:
    """Another transaction, `tx_signature`, has this id: same slot, same first 16 characters."""

    tx_signature: str


@dataclass(frozen=True, slots=True)
class NotStored:
    """The table did not answer; whether it stored the update is unknown."""

    error: Unavailable


Appended = Stored | Duplicate | IdTaken | NotStored


@dataclass(frozen=True, slots=True)
class Arrival:
    """A stored update and when it came."""

    update: Update
    arrived_at_ms: int


@dataclass(frozen=True, slots=True)
class Page:
    """Updates in ascending order; `next` is the id to go on after, None at the end."""

    updates: tuple[Update, ...]
    next: str | None


class PriceTable:
    """Reads and appends. All reads are consistent; `now` is Unix time in seconds.

    Raises Unavailable when the table does not answer.
    """

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def append(self, update: Update, *, now: float, retention_seconds: int) -> Appended:
        """Store `update` unless its id is there. An expired row does not count."""
        try:
            with unavailable_unless_answered("the price table"):
                return self._put(update, now, retention_seconds)
        except Unavailable as error:
            return NotStored(error)

    def append_all(
        self, updates: Sequence[Update], *, now: float, retention_seconds: int
    ) -> list[Appended]:
        """`append` of each, at once; one that fails does not keep the others from being stored."""
        append = partial(self.append, now=now, retention_seconds=retention_seconds)
        return in_parallel(append, updates)

    def newest(self, token: str, *, now: float) -> Update | None:
        """The update with the highest id: a late trade never replaces it."""
        arrivals = self._query(token, _FIRST, _LAST, now=now, limit=1, ascending=False)
        return arrivals[0].update if arrivals else None

    def page(
        self, token: str, *, after: str, until: str | None = None, limit: int, now: float
    ) -> Page:
        """At most `limit` updates with `after` < id <= `until`."""
        arrivals = self._query(token, after + _FIRST, until or _LAST, now=now, limit=limit + 1)
        updates = tuple(arrival.update for arrival in arrivals[:limit])
        return Page(updates, updates[-1].id if len(arrivals) > limit else None)

    def arrival(self, token: str, id_: str, *, now: float) -> Arrival | None:
        """The one update with this id."""
        arrivals = self._query(token, id_, id_, now=now, limit=1)
        return arrivals[0] if arrivals else None

    def arrivals_after(self, token: str, after: str, *, limit: int, now: float) -> list[Arrival]:
        """At most `limit`, ascending, with ids above `after`."""
        return self._query(token, after + _FIRST, _LAST, now=now, limit=limit)

    def late_arrivals(
        self, token: str, *, since: str, below: str, from_ms: int, limit: int, now: float
    ) -> list[Arrival]:
        """At most `limit`, ascending, with `since` <= id < `below` that arrived from `from_ms` on."""
        found = self._query(token, since, below, now=now, limit=limit + 1, arrived_from_ms=from_ms)
        return [arrival for arrival in found if arrival.update.id != below][:limit]

    def tail(self, token: str, *, limit: int, now: float) -> list[Update]:
        """The `limit` highest ids, ascending."""
        arrivals = self._query(token, _FIRST, _LAST, now=now, limit=limit, ascending=False)
        return [arrival.update for arrival in reversed(arrivals)]

    def _put(self, update: Update, now: float, retention_seconds: int) -> Appended:
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    "token": {"S": update.token},
                    "id": {"S": update.id},
                    "price": {"N": str(update.price)},
                    "timestamp": {"N": str(update.timestamp)},
                    "slot": {"N": str(update.slot)},
                    "txSignature": {"S": update.tx_signature},
                    "arrivedAtMs": {"N": str(int(now * 1000))},
                    "expiresAt": {"N": str(int(now) + retention_seconds)},
                },
                ConditionExpression="attribute_not_exists(id) OR expiresAt <= :now",
                ExpressionAttributeValues={":now": {"N": str(int(now))}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            old = cast("Row", error.response.get("Item"))
            if text(old, "txSignature") != update.tx_signature:
                return IdTaken(text(old, "txSignature"))
            return Duplicate(integer(old, "arrivedAtMs"))
        return Stored()

    def _query(
        self,
        token: str,
        low: str,
        high: str,
        *,
        now: float,
        limit: int,
        ascending: bool = True,
        arrived_from_ms: int = 0,
    ) -> list[Arrival]:
        """At most `limit` with `low` <= id <= `high`, in as many reads as that takes."""
        if low > high:  # DynamoDB refuses such a range
            return []
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": "#token = :token AND id BETWEEN :low AND :high",
            "FilterExpression": "expiresAt > :now AND arrivedAtMs >= :arrived_from",
            "ExpressionAttributeNames": {"#token": "token"},  # a reserved word
            "ExpressionAttributeValues": {
                ":token": {"S": token},
                ":low": {"S": low},
                ":high": {"S": high},
                ":now": {"N": str(int(now))},
                ":arrived_from": {"N": str(arrived_from_ms)},
            },
            "ConsistentRead": True,
            "ScanIndexForward": ascending,
        }
        if (
            not arrived_from_ms
        ):  # DynamoDB counts before it filters: with a filter, a limit means many reads
            query["Limit"] = max(limit, _NEWEST_ROWS_PER_READ)
        found: list[Arrival] = []
        while True:
            with unavailable_unless_answered("the price table"):
                answer = self._client.query(**query)
            found += [_arrival(row) for row in answer["Items"]]
            if len(found) >= limit or "LastEvaluatedKey" not in answer:
                return found[:limit]
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _arrival(row: Row) -> Arrival:
    update = Update(
        token=text(row, "token"),
        price=Decimal(number(row, "price")),
        timestamp=integer(row, "timestamp"),
        slot=integer(row, "slot"),
        tx_signature=text(row, "txSignature"),
    )
    return Arrival(update, integer(row, "arrivedAtMs"))
