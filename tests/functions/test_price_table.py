"""The price table: once, in order, until it expires."""

from decimal import Decimal

import pytest

from functions.glow.prices.table import Appended, Duplicate, IdTaken, PriceTable, Stored
from functions.glow.update import Update, id_at
from tests.functions.builders import NOW, RETENTION_SECONDS, a_token, an_update, updates_of


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
