"""PriceTimeSeriesTable: every update, once, until its retention ends.

Keys: `token`, then the update's `id`, so that a query runs in the order of trade time. `arrivedAtMs`
is when it was stored; `expiresAt` (s) counts from then, so a trade of 2009 is kept as long as one
of today. DynamoDB deletes up to two days late (facts/aws.md §3), so every read skips the expired.

A row that has `jumpedFrom` is a suspect (trades/gate.py). Only the reads of the gate see it.
`indexInBody` orders what was stored at once. A row of an older release lacks it, and `side`,
`amount`, `amountSol`, `priceUsd` and `indexInBlock`; they are also left out where they are not known.
A quote has `source`, a trade that was paid in dollars `via`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from functions.glow.errors import Unavailable
from functions.glow.prices.attributes import Row, integer, text
from functions.glow.prices.items import arrival_of, item_of, jumped_from
from functions.glow.prices.row import Arrival, Details, in_trade_order, newest_of
from functions.glow.runtime.aws import unavailable_unless_answered
from functions.glow.runtime.parallel import in_parallel
from functions.glow.update import Update, id_at, place_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import QueryInputTypeDef

    from functions.glow.prices.items import Item

# `-` sorts below every character that an id's last part may hold, `~` above all of them.
_FIRST: Final = "-"
_LAST: Final = "~"
# As many rows (up to 370 B) as two read units of 4 KB hold: expired ones may lie above the newest.
_NEWEST_ROWS_PER_READ: Final = 20
# Descending, nothing but trades that came days late can lie below so many reads of expired rows: the
# second and the following ones have some 2,800 rows (1 MB) each.
_MOST_READS_OF_EXPIRED: Final = 4
# An hour of quotes, one a minute, and some more.
_MOST_READS_OF_QUOTES: Final = 4
_NOTHING_ELSE: Final = Details()


@dataclass(frozen=True, slots=True)
class Stored:
    """The update was not there before."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same transaction had stored it at `arrived_at_ms`. A suspect has `jumped_from`."""

    arrived_at_ms: int
    jumped_from: Decimal | None = None


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
class Page:
    """Updates in trade order (row.py); `next` is the id to go on after, None at the end."""

    updates: tuple[Update, ...]
    next: str | None


class PriceTable:
    """Reads and appends. All reads are consistent; `now` is Unix time in seconds.

    Raises Unavailable when the table does not answer.
    """

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def append_all(
        self,
        updates: Sequence[Update],
        details: Sequence[Details] | None = None,
        *,
        now: float,
        retention_seconds: int,
    ) -> list[Appended]:
        """Store each of `updates`, in their order, unless its id is there; an expired row does not
        count. One that fails does not keep the others from being stored.

        `details` are those of each update; None where they are not known.
        """
        known = [_NOTHING_ELSE] * len(updates) if details is None else details
        moment: Item = {
            "arrivedAtMs": {"N": str(int(now * 1000))},
            "expiresAt": {"N": str(int(now) + retention_seconds)},
        }
        items: list[Item] = [
            {**item_of(update, of_update), **moment, "indexInBody": {"N": str(index)}}
            for index, (update, of_update) in enumerate(zip(updates, known, strict=True))
        ]
        return in_parallel(partial(self._append, now=now), items)

    def release(self, suspects: Sequence[Update], *, now: float) -> None:
        """Let reads see `suspects`, in this order, before what is stored at the same moment.

        Who comes second changes nothing.
        """
        indexed = list(zip(range(-len(suspects), 0), suspects, strict=True))
        in_parallel(partial(self._release, now=now), indexed)

    def newest(self, token: str, *, now: float) -> Update | None:
        """The newest price (row.py). A trade of an earlier slot never replaces it."""
        found: list[Arrival] = []
        for page in self._pages(
            token, _FIRST, _LAST, now=now, rows=_NEWEST_ROWS_PER_READ, ascending=False
        ):
            found += page
            if found and found[-1].place != found[0].place:
                break
        newest = newest_of(found)
        return None if newest is None else newest.update

    def page(
        self, token: str, *, after: str, until: str | None = None, limit: int, now: float
    ) -> Page:
        """At most `limit` updates with `after` < id <= `until`."""
        arrivals = self._query(token, after + _FIRST, until or _LAST, now=now, limit=limit + 1)
        of_page = arrivals[:limit]
        updates = tuple(arrival.update for arrival in in_trade_order(of_page))
        return Page(updates, of_page[-1].update.id if len(arrivals) > limit else None)

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
        """The `limit` highest ids, in trade order."""
        arrivals = self._query(token, _FIRST, _LAST, now=now, limit=limit, ascending=False)
        return [arrival.update for arrival in in_trade_order(arrivals)]

    def recent(self, token: str, *, since: int, now: float) -> list[Arrival]:
        """The rows with the highest ids, suspects too, of trades from second `since` on.

        One read; more, but not many, only while there is nothing but quotes: a token that was not
        traded for a while has one a minute.
        """
        pages = self._pages(
            token,
            id_at(since),
            _LAST,
            now=now,
            rows=_NEWEST_ROWS_PER_READ,
            ascending=False,
            with_suspects=True,
        )
        found: list[Arrival] = []
        for page in islice(pages, _MOST_READS_OF_QUOTES):
            found += page
            if not all(row.is_quote for row in page):
                break
        return found

    def latest(self, token: str, *, now: float, before: int | None = None) -> list[Arrival]:
        """The rows with the highest ids, the highest first: one read. `before`: of trades before that
        second."""
        high = _LAST if before is None else id_at(before)
        pages = self._pages(
            token, _FIRST, high, now=now, rows=_NEWEST_ROWS_PER_READ, ascending=False
        )
        return next(pages)

    def first_since(self, token: str, *, since: int, now: float) -> Arrival | None:
        """The row with the lowest id, a suspect too, of trades from second `since` on."""
        arrivals = self._query(token, id_at(since), _LAST, now=now, limit=1, with_suspects=True)
        return arrivals[0] if arrivals else None

    def holds(self, token: str, id_: str, *, now: float) -> bool:
        """Whether there is a row with this id, a suspect too."""
        return bool(self._query(token, id_, id_, now=now, limit=1, with_suspects=True))

    def from_slot_of(self, token: str, id_: str, *, limit: int, now: float) -> list[Arrival]:
        """At most `limit`, suspects too, ascending from the first of the slot of `id_`."""
        low = place_of(id_) + _FIRST
        return self._query(token, low, _LAST, now=now, limit=limit, with_suspects=True)

    def _append(self, item: Item, *, now: float) -> Appended:
        try:
            with unavailable_unless_answered("the price table"):
                return self._put(item, now)
        except Unavailable as error:
            return NotStored(error)

    def _put(self, item: Item, now: float) -> Appended:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(id) OR expiresAt <= :now",
                ExpressionAttributeValues={":now": {"N": str(int(now))}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            old = cast("Row", error.response.get("Item"))
            if text(old, "txSignature") != item["txSignature"].get("S"):
                return IdTaken(text(old, "txSignature"))
            return Duplicate(integer(old, "arrivedAtMs"), jumped_from(old))
        return Stored()

    def _release(self, indexed: tuple[int, Update], *, now: float) -> None:
        index, update = indexed
        with unavailable_unless_answered("the price table"):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key={"token": {"S": update.token}, "id": {"S": update.id}},
                    UpdateExpression=(
                        "SET arrivedAtMs = :now, indexInBody = :index REMOVE jumpedFrom"
                    ),
                    ConditionExpression="attribute_exists(jumpedFrom)",
                    ExpressionAttributeValues={
                        ":now": {"N": str(int(now * 1000))},
                        ":index": {"N": str(index)},
                    },
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return  # released already

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
        with_suspects: bool = False,
    ) -> list[Arrival]:
        """At most `limit` with `low` <= id <= `high`, in as many reads as that takes."""
        if low > high:  # DynamoDB refuses such a range
            return []
        found: list[Arrival] = []
        for page in self._pages(
            token,
            low,
            high,
            now=now,
            # DynamoDB counts before it filters: with a filter, a limit means many reads
            rows=None if arrived_from_ms else max(limit, _NEWEST_ROWS_PER_READ),
            ascending=ascending,
            arrived_from_ms=arrived_from_ms,
            with_suspects=with_suspects,
        ):
            found += page
            if len(found) >= limit:
                break
        return found[:limit]

    def _pages(
        self,
        token: str,
        low: str,
        high: str,
        *,
        now: float,
        rows: int | None,
        ascending: bool,
        arrived_from_ms: int = 0,
        with_suspects: bool = False,
    ) -> Iterator[list[Arrival]]:
        """What is visible of each read, at least one; a read looks at `rows` at most.

        Where nothing is, the rows have expired and up to two days of them may lie in the way. Then a read
        looks at as many as DynamoDB allows.
        """
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": "#token = :token AND id BETWEEN :low AND :high",
            "FilterExpression": "expiresAt > :now AND arrivedAtMs >= :arrived_from"
            + ("" if with_suspects else " AND attribute_not_exists(jumpedFrom)"),
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
        if rows is not None:
            query["Limit"] = rows
        reads_of_expired = 0
        while True:
            with unavailable_unless_answered("the price table"):
                answer = self._client.query(**query)
            yield [arrival_of(row) for row in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return
            if answer["Items"]:
                reads_of_expired = 0
            else:
                query.pop("Limit", None)
                reads_of_expired += 1
                if not ascending and reads_of_expired == _MOST_READS_OF_EXPIRED:
                    return
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
