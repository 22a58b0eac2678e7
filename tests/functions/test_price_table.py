"""The price table: once, in order, until it expires."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from functions.glow.prices.items import item_of
from functions.glow.prices.replay import replay
from functions.glow.prices.row import Details
from functions.glow.prices.table import Appended, Duplicate, IdTaken, PriceTable, Stored
from functions.glow.update import Update, id_at
from tests.functions.builders import NOW, RETENTION_SECONDS, a_token, an_update, updates_of
from tests.functions.cloud import PRICES

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, WriteRequestUnionTypeDef

    from functions.glow.prices.items import Item


def append(prices: PriceTable, *updates: Update, now: float = NOW) -> list[Appended]:
    return prices.append_all(updates, now=now, retention_seconds=RETENTION_SECONDS)


def test_trade_seen_twice_is_stored_once_and_says_when_it_came(prices: PriceTable) -> None:
    update = an_update(a_token())

    assert append(prices, update) == [Stored()]
    assert append(prices, update, now=NOW + 100) == [Duplicate(arrived_at_ms=int(NOW * 1000))]


def test_id_of_another_transaction_is_taken_not_a_duplicate(prices: PriceTable) -> None:
    first = an_update(a_token(), tx_signature="1234567890123456AAAA")
    second = an_update(first.token, tx_signature="1234567890123456BBBB")

    append(prices, first)

    assert append(prices, second) == [IdTaken(first.tx_signature)]


@pytest.mark.parametrize("price", ["0.000000000123456789012345", "1E-9", "123456789.012345", "7"])
def test_price_comes_back_exactly(prices: PriceTable, price: str) -> None:
    update = an_update(a_token(), price=price)

    append(prices, update)
    newest = prices.newest(update.token, now=NOW)

    assert newest is not None
    assert newest.price == Decimal(price)


def test_late_trade_never_replaces_the_newest_price(prices: PriceTable) -> None:
    newer = an_update(a_token())
    append(prices, newer)
    append(prices, an_update(newer.token, timestamp=int(NOW) - 50), now=NOW + 1)

    assert prices.newest(newer.token, now=NOW + 1) == newer


def test_expired_row_that_dynamodb_has_not_deleted_is_not_there(prices: PriceTable) -> None:
    expired = updates_of(a_token(), 30)
    token, later = expired[0].token, NOW + RETENTION_SECONDS + 1
    append(prices, *expired)

    assert prices.newest(token, now=later) is None
    assert prices.page(token, after=id_at(0), limit=10, now=later).updates == ()
    assert append(prices, expired[0], now=later) == [Stored()]
    assert prices.newest(token, now=later) == expired[0]


LATER = NOW + RETENTION_SECONDS + 1


@pytest.fixture
def reads(dynamodb: DynamoDBClient) -> Iterator[list[str]]:
    """Each read of a test so far."""
    seen: list[str] = []

    def note(*, model: Any, **_: object) -> None:
        seen.append(model.name)

    dynamodb.meta.events.register("before-call.dynamodb.Query", note)
    yield seen
    dynamodb.meta.events.unregister("before-call.dynamodb.Query", note)


def expire(client: DynamoDBClient, updates: Sequence[Update], *, bytes_each: int = 0) -> None:
    """Put rows of `updates` that have expired before LATER; of 20 KB, fifty are a read of 1 MB."""
    moment: Item = {"arrivedAtMs": {"N": "1"}, "expiresAt": {"N": str(int(LATER))}}
    items = [
        {**item_of(update, Details()), **moment, "filling": {"S": "." * bytes_each}}
        for update in updates
    ]
    for start in range(0, len(items), 25):
        puts: list[WriteRequestUnionTypeDef] = [
            {"PutRequest": {"Item": item}} for item in items[start : start + 25]
        ]
        client.batch_write_item(RequestItems={PRICES: puts})


def test_newest_price_below_thousands_of_expired_rows_takes_two_reads(
    prices: PriceTable, dynamodb: DynamoDBClient, reads: list[str]
) -> None:
    """A trade that came a day late is kept for as long as the others, below which it lies."""
    expired = updates_of(a_token(), 2_000)
    late = an_update(expired[0].token, timestamp=int(NOW) - 1)
    expire(dynamodb, expired)
    append(prices, late, now=LATER)

    assert prices.newest(late.token, now=LATER) == late
    assert len(reads) == 2
    assert prices.tail(late.token, limit=5, now=LATER) == [late]
    assert len(reads) == 4


def test_token_whose_rows_have_all_expired_costs_few_reads(
    prices: PriceTable, dynamodb: DynamoDBClient, reads: list[str]
) -> None:
    expired = updates_of(a_token(), 400)
    expire(dynamodb, expired, bytes_each=20_000)

    assert prices.newest(expired[0].token, now=LATER) is None
    assert len(reads) == 4
    assert prices.tail(expired[0].token, limit=500, now=LATER) == []
    assert len(reads) == 8


def test_page_after_an_expired_update_reaches_what_lies_behind_all_of_them(
    prices: PriceTable, dynamodb: DynamoDBClient, reads: list[str]
) -> None:
    expired = updates_of(a_token(), 400)
    last = an_update(expired[0].token, timestamp=int(NOW) + 1)
    expire(dynamodb, expired, bytes_each=20_000)
    append(prices, last, now=LATER)

    page = prices.page(last.token, after=expired[0].id, limit=10, now=LATER)

    assert page.updates == (last,)
    assert len(reads) < 12


def test_pages_join_without_a_hole_or_a_repeat(prices: PriceTable) -> None:
    updates = updates_of(a_token(), 25)
    token = updates[0].token
    append(prices, *updates)

    read: list[Update] = []
    after: str | None = id_at(0)
    while after is not None:
        page = prices.page(token, after=after, limit=10, now=NOW)
        read += page.updates
        after = page.next

    assert read == updates


def test_page_that_ends_with_the_last_update_has_no_next(prices: PriceTable) -> None:
    updates = updates_of(a_token(), 10)
    append(prices, *updates)

    assert prices.page(updates[0].token, after=id_at(0), limit=10, now=NOW).next is None


def test_after_is_exclusive_and_until_inclusive(prices: PriceTable) -> None:
    updates = updates_of(a_token(), 6)
    append(prices, *updates)
    page = prices.page(
        updates[0].token, after=updates[1].id, until=updates[3].id, limit=10, now=NOW
    )

    assert list(page.updates) == updates[2:4]


def test_range_that_is_upside_down_is_empty(prices: PriceTable) -> None:
    updates = updates_of(a_token(), 2)
    append(prices, *updates)
    page = prices.page(updates[0].token, after=updates[1].id, until=updates[0].id, limit=9, now=NOW)

    assert page.updates == ()


def test_signature_that_begins_another_one_is_before_it(prices: PriceTable) -> None:
    short = an_update(a_token(), tx_signature="abc")
    long = an_update(short.token, tx_signature="abcd")
    append(prices, short, long)

    assert prices.page(short.token, after=short.id, limit=9, now=NOW).updates == (long,)


def stored_item(client: DynamoDBClient, update: Update) -> dict[str, AttributeValueTypeDef]:
    key = {"token": {"S": update.token}, "id": {"S": update.id}}
    return client.get_item(TableName=PRICES, Key=key).get("Item", {})


def test_side_and_amounts_are_read_as_they_were_stored_and_what_is_unknown_is_left_out(
    prices: PriceTable, dynamodb: DynamoDBClient
) -> None:
    first, unknown = updates_of(a_token(), 2)
    known = replace(
        first, side="sell", amount=Decimal("1234567890.12345"), amount_sol=Decimal("0.000000001")
    )

    prices.append_all(
        [known, unknown],
        [Details(index_in_block=0), Details()],
        now=NOW,
        retention_seconds=RETENTION_SECONDS,
    )

    page = prices.page(known.token, after=id_at(0), limit=2, now=NOW)
    assert page.updates == (known, unknown)
    item, bare = stored_item(dynamodb, known), stored_item(dynamodb, unknown)
    assert item["indexInBlock"] == {"N": "0"}
    assert not {"side", "amount", "amountSol", "indexInBlock", "jumpedFrom"} & bare.keys()


def test_row_of_an_older_release_is_read_as_before(
    prices: PriceTable, dynamodb: DynamoDBClient
) -> None:
    update = an_update(a_token(), price="0.25")
    append(prices, update)
    dynamodb.update_item(
        TableName=PRICES,
        Key={"token": {"S": update.token}, "id": {"S": update.id}},
        UpdateExpression="REMOVE indexInBody",
    )

    assert prices.newest(update.token, now=NOW) == update


def in_a_slot(token: str, *signatures: str) -> list[Update]:
    return [an_update(token, tx_signature=signature) for signature in signatures]


def test_newest_of_a_slot_is_what_arrived_last_whatever_its_signature(prices: PriceTable) -> None:
    zed, first, last = in_a_slot(a_token(), "zzz", "mmm", "aaa")

    append(prices, zed, first)
    assert prices.newest(zed.token, now=NOW) == first  # in the order of the body

    append(prices, last, now=NOW + 0.001)
    assert prices.newest(zed.token, now=NOW + 1) == last
    assert prices.tail(zed.token, limit=9, now=NOW + 1) == [zed, first, last]
    assert prices.page(zed.token, after=id_at(0), limit=9, now=NOW + 1).updates == (
        zed,
        first,
        last,
    )


def test_newest_of_a_slot_is_last_in_the_block_where_that_is_known(prices: PriceTable) -> None:
    late, early = in_a_slot(a_token(), "aaa", "zzz")

    for update, index, seconds in ((late, 7, 0), (early, 3, 1)):
        details = [Details(index_in_block=index)]
        prices.append_all([update], details, now=NOW + seconds, retention_seconds=RETENTION_SECONDS)

    assert prices.newest(late.token, now=NOW + 1) == late


def test_newest_of_a_slot_of_many_trades_is_what_arrived_last(prices: PriceTable) -> None:
    trades = in_a_slot(a_token(), *(f"{100 - index:03d}" for index in range(50)))
    append(prices, an_update(trades[0].token, slot=1), *trades)

    assert prices.newest(trades[0].token, now=NOW) == trades[-1]


def test_replay_of_a_body_keeps_its_order(prices: PriceTable) -> None:
    cursor, *body = in_a_slot(a_token(), "aaa", "zzz", "mmm")
    append(prices, cursor, now=NOW - 5)
    append(prices, *body)

    assert replay(prices, cursor.token, cursor.id, now=NOW).updates == body


def a_suspect(prices: PriceTable, token: str, *, now: float = NOW) -> Update:
    suspect = an_update(token, slot=300_000_100)
    details = [Details(jumped_from=Decimal(50))]
    prices.append_all([suspect], details, now=now, retention_seconds=RETENTION_SECONDS)
    return suspect


def test_suspect_is_in_no_read_but_the_gates(prices: PriceTable) -> None:
    before, after = updates_of(a_token(), 2)
    token = before.token
    append(prices, before, now=NOW - 5)
    suspect = a_suspect(prices, token)
    append(prices, after, now=NOW + 1)

    now = NOW + 2
    assert prices.newest(token, now=now) == after
    assert prices.page(token, after=id_at(0), limit=9, now=now).updates == (before, after)
    assert prices.tail(token, limit=9, now=now) == [before, after]
    assert prices.arrival(token, suspect.id, now=now) is None
    assert replay(prices, token, before.id, now=now).updates == [after]
    assert replay(prices, token, suspect.id, now=now).gap is not None
    gate_sees = prices.recent(token, since=0, now=now)
    assert {row.update.id for row in gate_sees} == {before.id, suspect.id, after.id}


def test_suspect_arrives_when_it_is_released_and_before_what_comes_then(
    prices: PriceTable,
) -> None:
    cursor = an_update(a_token(), slot=300_000_200)
    suspect = a_suspect(prices, cursor.token)
    append(prices, cursor, now=NOW + 5)

    prices.release([suspect], now=NOW + 10)
    [same_moment] = in_a_slot(cursor.token, "000")
    append(prices, same_moment, now=NOW + 10)
    prices.release([suspect], now=NOW + 20)  # again: changes nothing

    missed = replay(prices, cursor.token, cursor.id, now=NOW + 30)
    assert missed.updates == [suspect, same_moment]
    assert append(prices, suspect, now=NOW + 30) == [Duplicate(int((NOW + 10) * 1000))]


def test_release_of_what_is_not_there_makes_no_row(prices: PriceTable) -> None:
    nothing = an_update(a_token())

    prices.release([nothing], now=NOW)

    assert prices.recent(nothing.token, since=0, now=NOW) == []
