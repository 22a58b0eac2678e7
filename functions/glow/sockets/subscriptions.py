"""PriceConnectionsTable: who is connected, and who listens to which token.

A connection: pk `CONNECTION#<id>`, sk `CONNECTION`, `tokens` (a set of texts), for one that says
much `messages`, counted in the period `messagePeriod` (message_rate.py), and what authorizations.py
writes.
A subscription: pk `TOKEN#<token>`, sk `<connection id>`, `delivery` if it is `latest`, `isAuthorized`
if it ends with an access token; while it is behind also what lag.py writes.
`$disconnect` is best effort (facts/aws.md §1): a row left behind ends by TTL or with its first 410.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast

from functions.glow.errors import Refused, Unavailable
from functions.glow.prices.attributes import Row, integer, text, texts
from functions.glow.runtime.aws import unavailable_unless_answered
from functions.glow.runtime.parallel import in_parallel
from functions.glow.sockets.commands import MAX_TOKENS
from functions.glow.update import Delivery

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        QueryInputTypeDef,
        ScanInputTypeDef,
        WriteRequestTypeDef,
    )

ROW_LIFE_SECONDS: Final = 2 * 3_600 + 600  # API Gateway ends a connection after 2 h; 10 min more
PART: Final = "the connection table"

_PAGE_ROWS: Final = 1_000  # they take 0.25 s to post, enough to read the next page
_SCAN_ROWS: Final = 500  # if each of these hangs, a page of a move takes 30 s
_BATCH_ROWS: Final = 25  # BatchWriteItem's limit
_MAX_TRIES: Final = 3
_TOKEN_PREFIX: Final = "TOKEN#"  # noqa: S105  of a key, no password


class TooManyTokens(Refused):
    """The connection listens to as many tokens as it may."""

    code = "TOO_MANY_TOKENS"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A connection that listens to the token asked for.

    `behind` is the first id that it was not sent; None: it was sent everything. `is_over`: what its
    client was authorized by has expired.
    """

    connection_id: str
    delivery: Delivery
    behind: str | None = None
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class TokenSubscription:
    """A connection that listens to `token`."""

    connection_id: str
    token: str


@dataclass(frozen=True, slots=True)
class _Change:
    """Whether a row was changed, and the row as it is now. {}: there is none."""

    is_done: bool
    row: Row


class SubscriptionTable:
    """Reads and writes the rows. `now` is Unix time in seconds. Raises Unavailable."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def connect(self, connection_id: str, *, now: float) -> None:
        with unavailable_unless_answered(PART):
            self._client.put_item(
                TableName=self._table, Item={**connection_key(connection_id), **_expiry(now)}
            )

    def subscribe(
        self,
        connection_id: str,
        deliveries: Mapping[str, Delivery],
        *,
        now: float,
        ends_at: int | None = None,
    ) -> None:
        """Write the rows of each token in `deliveries`, at most MAX_TOKENS; doing so again changes
        only the delivery and the end, of what is authorized until then. Raises TooManyTokens, and
        then has written nothing."""
        rows = [
            {
                **subscription_key(connection_id, token),
                **_expiry(now, ends_at),
                **({"delivery": {"S": delivery}} if delivery == "latest" else {}),
            }
            for token, delivery in deliveries.items()
        ]
        with unavailable_unless_answered(PART):
            self._claim(connection_id, frozenset(deliveries))
            self._write([{"PutRequest": {"Item": row}} for row in rows])

    def unsubscribe(self, connection_id: str, *tokens: str) -> frozenset[str]:
        """Delete the subscriptions, if any; the tokens that the connection still listens to."""
        with unavailable_unless_answered(PART):
            self._delete([subscription_key(connection_id, token) for token in tokens])
            left = self._update_tokens(connection_id, "DELETE", tokens, "attribute_exists(pk)", {})
        return texts(left.row, "tokens")

    def disconnect(self, connection_id: str, *, met_at: str | None = None) -> None:
        """Delete all rows of the connection, if there are any.

        The connection's row goes first and says which others there are: a subscribe that comes
        later finds no connection and writes nothing. `met_at` is a token at which the connection
        was found: that subscription goes too, even if a lost race left it without that row.
        """
        with unavailable_unless_answered(PART):
            answer = self._client.delete_item(
                TableName=self._table, Key=connection_key(connection_id), ReturnValues="ALL_OLD"
            )
            tokens = texts(answer.get("Attributes", {}), "tokens") | (
                {met_at} if met_at else set[str]()
            )
            self._delete([subscription_key(connection_id, token) for token in sorted(tokens)])

    def add_messages(self, connection_id: str, count: int, *, period: int) -> int:
        """Add to what the connection said in `period`; the sum. Without a row it is `count`."""
        add = ("ADD messages :count", "messagePeriod = :period")
        is_another = "(attribute_not_exists(messagePeriod) OR messagePeriod <> :period)"
        begin = (
            "SET messagePeriod = :period, messages = :count",
            f"attribute_exists(pk) AND {is_another}",
        )
        values: Mapping[str, AttributeValueTypeDef] = {
            ":count": {"N": str(count)},
            ":period": {"N": str(period)},
        }
        with unavailable_unless_answered(PART):
            # The second `add` is for a period that another process has begun meanwhile.
            for update, condition in (add, begin, add):
                said = self._count(connection_id, update, condition, values)
                if said is not None:
                    return said
        return count

    def pages(self, token: str, *, now: float) -> Iterator[Sequence[Subscription]]:
        """The subscriptions to `token`, page by page; also those that are over, whose clients are
        connected. Of others, API Gateway has ended the connection when their row expires."""
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "FilterExpression": "expiresAt > :now OR attribute_exists(isAuthorized)",
            "ExpressionAttributeValues": {
                ":pk": {"S": f"{_TOKEN_PREFIX}{token}"},
                ":now": {"N": str(int(now))},
            },
            # A subscriber writes its row, then reads the newest price. An eventually consistent
            # read here could miss that row for a trade which that read was too early for.
            "ConsistentRead": True,
            "Limit": _PAGE_ROWS,
        }
        while True:
            with unavailable_unless_answered(PART):
                answer = self._client.query(**query)
            yield [_subscription(row, now) for row in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def everybody(
        self, cursor: str | None, *, now: float
    ) -> tuple[Sequence[TokenSubscription], str | None]:
        """A page of all subscriptions to all tokens, those of a token one after the other, and the
        cursor of the next; None: this was the last."""
        scan: ScanInputTypeDef = {
            "TableName": self._table,
            "FilterExpression": "begins_with(pk, :prefix) AND expiresAt > :now",
            "ExpressionAttributeValues": {
                ":prefix": {"S": _TOKEN_PREFIX},
                ":now": {"N": str(int(now))},
            },
            "ConsistentRead": True,
            "Limit": _SCAN_ROWS,
        }
        if cursor is not None:
            pk, sk = cast("list[str]", json.loads(cursor))
            scan["ExclusiveStartKey"] = {"pk": {"S": pk}, "sk": {"S": sk}}
        with unavailable_unless_answered(PART):
            answer = self._client.scan(**scan)
        found = [
            TokenSubscription(text(row, "sk"), text(row, "pk").removeprefix(_TOKEN_PREFIX))
            for row in answer["Items"]
        ]
        last = answer.get("LastEvaluatedKey")
        return found, None if last is None else json.dumps([text(last, "pk"), text(last, "sk")])

    def _claim(self, connection_id: str, tokens: frozenset[str]) -> None:
        """Add `tokens` to the connection's, if it is connected and has room for all of them."""
        has_room = "attribute_not_exists(tokens) OR size(tokens) <= :others"
        values: Mapping[str, AttributeValueTypeDef] = {
            ":others": {"N": str(MAX_TOKENS - len(tokens))}
        }
        for _ in range(_MAX_TRIES):
            condition = f"attribute_exists(pk) AND ({has_room})"
            claimed = self._update_tokens(connection_id, "ADD", tokens, condition, values)
            if claimed.is_done:
                return
            if not claimed.row:
                raise Unavailable("this connection is closing; connect again")
            seen = texts(claimed.row, "tokens")
            if len(seen | tokens) > MAX_TOKENS:
                raise TooManyTokens(
                    f"a connection listens to at most {MAX_TOKENS} tokens; unsubscribePrice some"
                    " first, or open another connection"
                )
            # Some of them it has already. That holds for as long as nobody changes the set.
            has_room = "tokens = :seen"
            values = {":seen": {"SS": sorted(seen)}}
        raise Unavailable("this connection's subscriptions change too fast; send it again")

    def _update_tokens(
        self,
        connection_id: str,
        verb: Literal["ADD", "DELETE"],
        tokens: Collection[str],
        condition: str,
        values: Mapping[str, AttributeValueTypeDef],
    ) -> _Change:
        """Change the connection's set of tokens, if `condition` holds for its row."""
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=connection_key(connection_id),
                UpdateExpression=f"{verb} tokens :tokens",
                ConditionExpression=condition,
                ExpressionAttributeValues={":tokens": {"SS": sorted(tokens)}, **values},
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            return _Change(is_done=False, row=cast("Row", error.response.get("Item") or {}))
        return _Change(is_done=True, row=answer.get("Attributes", {}))

    def _count(
        self,
        connection_id: str,
        update: str,
        condition: str,
        values: Mapping[str, AttributeValueTypeDef],
    ) -> int | None:
        """What the connection said, after `update`; None if `condition` does not hold."""
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=connection_key(connection_id),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        return integer(answer.get("Attributes", {}), "messages")

    def _delete(self, keys: Sequence[dict[str, AttributeValueTypeDef]]) -> None:
        self._write([{"DeleteRequest": {"Key": key}} for key in keys])

    def _write(self, requests: Sequence[WriteRequestTypeDef]) -> None:
        batches = range(0, len(requests), _BATCH_ROWS)
        in_parallel(self._write_batch, [requests[at : at + _BATCH_ROWS] for at in batches])

    def _write_batch(self, requests: Sequence[WriteRequestTypeDef]) -> None:
        """DynamoDB may leave a part of a batch to be sent again (UnprocessedItems)."""
        for _ in range(_MAX_TRIES):
            answer = self._client.batch_write_item(RequestItems={self._table: requests})
            unprocessed = answer.get("UnprocessedItems", {}).get(self._table, [])
            if not unprocessed:
                return
            requests = cast("Sequence[WriteRequestTypeDef]", unprocessed)
        raise Unavailable(f"{PART} did not take all rows; send it again")


def connection_key(connection_id: str) -> dict[str, AttributeValueTypeDef]:
    return {"pk": {"S": f"CONNECTION#{connection_id}"}, "sk": {"S": "CONNECTION"}}


def subscription_key(connection_id: str, token: str) -> dict[str, AttributeValueTypeDef]:
    return {"pk": {"S": f"{_TOKEN_PREFIX}{token}"}, "sk": {"S": connection_id}}


def delivery_of(row: Row) -> Delivery:
    return "latest" if "delivery" in row else "all"


def _expiry(now: float, ends_at: int | None = None) -> dict[str, AttributeValueTypeDef]:
    """When nothing is sent to the row any more, and DynamoDB may delete it."""
    end_of_connection = int(now) + ROW_LIFE_SECONDS
    if ends_at is None:
        return {"expiresAt": {"N": str(end_of_connection)}}
    return {
        "expiresAt": {"N": str(min(ends_at, end_of_connection))},
        "isAuthorized": {"BOOL": True},
    }


def _subscription(row: Row, now: float) -> Subscription:
    return Subscription(
        text(row, "sk"),
        delivery_of(row),
        behind=text(row, "behind") if "behind" in row else None,
        is_over=integer(row, "expiresAt") <= now,
    )
