"""Recovery: a client that comes back with `after` gets what arrived since, or hears of a gap."""

import pytest

from functions.glow.prices.replay import MAX_REPLAY, Gap, Replay, replay
from functions.glow.prices.table import PriceTable
from functions.glow.update import Update
from tests.functions.builders import NOW, RETENTION_SECONDS, a_token, an_update, updates_of


def arrive(prices: PriceTable, *updates: Update, at: float) -> None:
    prices.append_all(updates, now=at, retention_seconds=RETENTION_SECONDS)


def test_everything_later_comes_and_nothing_else(prices: PriceTable) -> None:
    before, cursor, *missed = updates_of(a_token(), 5)
    arrive(prices, before, at=NOW)
    arrive(prices, cursor, at=NOW + 10)
    arrive(prices, *missed, at=NOW + 20)

    assert replay(prices, cursor.token, cursor.id, now=NOW + 30) == Replay(missed, None)


def test_late_trade_that_arrived_since_comes_in_order_of_arrival(prices: PriceTable) -> None:
    cursor = an_update(a_token())
    late = an_update(cursor.token, timestamp=int(NOW) - 59)
    later = an_update(cursor.token, timestamp=int(NOW) + 1)
    arrive(prices, cursor, at=NOW)
    arrive(prices, later, at=NOW + 10)
    arrive(prices, late, at=NOW + 20)

    assert replay(prices, cursor.token, cursor.id, now=NOW + 30) == Replay([later, late], None)


def test_trade_stored_just_before_but_perhaps_published_after_comes_again(
    prices: PriceTable,
) -> None:
    overtaken, cursor = updates_of(a_token(), 2)
    arrive(prices, overtaken, at=NOW)
    arrive(prices, cursor, at=NOW + 0.5)

    assert replay(prices, cursor.token, cursor.id, now=NOW + 1) == Replay([overtaken], None)


def test_nothing_missed_is_an_empty_answer_without_a_gap(prices: PriceTable) -> None:
    cursor = an_update(a_token())
    arrive(prices, cursor, at=NOW)

    assert replay(prices, cursor.token, cursor.id, now=NOW + 5) == Replay([], None)


@pytest.mark.parametrize("count", [MAX_REPLAY, MAX_REPLAY + 1])
def test_more_than_the_limit_is_the_newest_and_a_gap_before_them(
    prices: PriceTable, count: int
) -> None:
    cursor, *missed = updates_of(a_token(), count + 1)
    arrive(prices, cursor, at=NOW)
    arrive(prices, *missed, at=NOW + 10)
    answer = replay(prices, cursor.token, cursor.id, now=NOW + 20)

    newest = missed[-MAX_REPLAY:]
    assert answer.updates == newest
    assert answer.gap == (Gap(cursor.id, newest[0].id) if count > MAX_REPLAY else None)


def test_unknown_after_is_a_gap_up_to_what_is_there(prices: PriceTable) -> None:
    stored = updates_of(a_token(), 3)
    arrive(prices, *stored, at=NOW)
    unknown = an_update(stored[0].token, timestamp=int(NOW) - 1000).id

    assert replay(prices, stored[0].token, unknown, now=NOW) == Replay(
        stored, Gap(unknown, stored[0].id)
    )


def test_expired_after_is_a_gap(prices: PriceTable) -> None:
    cursor, fresh = updates_of(a_token(), 2)
    arrive(prices, cursor, at=NOW)
    arrive(prices, fresh, at=NOW + RETENTION_SECONDS)
    answer = replay(prices, cursor.token, cursor.id, now=NOW + RETENTION_SECONDS + 1)

    assert answer == Replay([fresh], Gap(cursor.id, fresh.id))


def test_token_without_prices_is_a_gap_without_an_end(prices: PriceTable) -> None:
    unknown = an_update(a_token())

    assert replay(prices, unknown.token, unknown.id, now=NOW) == Replay([], Gap(unknown.id, None))
