"""A candle of trades that come one by one, and one that others make together."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from client.candle import Candle, Currency, GrowingCandle, joined
from client.update import Update
from tests.client.trades import START, TOKEN, ids

Prices = tuple[Decimal | None, Decimal | None, Decimal | None, Decimal | None]


def a_trade(number: int, *, price: int = 1, **fields: Any) -> Update:
    """The trade `number` seconds after START."""
    return Update(TOKEN, Decimal(price), START + number, None, None, ids(number)[0], **fields)


def candle_of(trades: Sequence[Update], currency: Currency = "sol") -> Candle:
    growing = GrowingCandle(START, currency)
    for trade in trades:
        growing.add(trade, 0)
    return growing.candle


def prices_of(candle: Candle) -> Prices:
    return (candle.open, candle.high, candle.low, candle.close)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2), (2, 0, 3, 1)])
def test_candle_does_not_depend_on_the_order_in_which_its_trades_come(
    order: tuple[int, ...],
) -> None:
    trades = [a_trade(number, price=price) for number, price in enumerate((5, 9, 2, 7))]

    assert prices_of(candle_of([trades[index] for index in order])) == (5, 9, 2, 7)


def test_trades_of_one_slot_open_and_close_as_they_come() -> None:
    trades = [a_trade(1, price=price) for price in (3, 1, 2)]

    assert prices_of(candle_of(trades)) == (3, 3, 1, 2)


def test_candle_in_dollars_has_no_prices_where_a_trade_has_none_but_its_volume() -> None:
    first, second = (a_trade(n, price_usd=Decimal(100 + n), amount=Decimal(1)) for n in (0, 1))
    without = a_trade(2, amount=Decimal(2))

    assert prices_of(candle_of([first, second], "usd")) == (100, 101, 100, 101)
    for trades in ([first, without, second], [without, first, second], [first, second, without]):
        candle = candle_of(trades, "usd")
        assert prices_of(candle) == (None, None, None, None)
        assert (candle.volume, candle.volume_sol, candle.trades) == (4, None, 3)
        assert candle.running


def test_candle_of_several_has_no_prices_where_one_of_them_has_none() -> None:
    priced = candle_of([a_trade(0, price_usd=Decimal(100), amount=Decimal(1))], "usd")
    dearer = candle_of([a_trade(1, price_usd=Decimal(101), amount=Decimal(1))], "usd")
    unpriced = candle_of([a_trade(2, amount=Decimal(2))], "usd")

    assert prices_of(joined(START, [priced, dearer])) == (100, 101, 100, 101)
    for parts in ([priced, unpriced], [unpriced, priced]):
        candle = joined(START, parts)
        assert prices_of(candle) == (None, None, None, None)
        assert (candle.volume, candle.trades, candle.running) == (3, 2, True)


def test_sum_of_many_amounts_is_exact() -> None:
    amounts = [*["0.1"] * 1_000, "1e15", "1e-15", "-1e15"]
    trades = [a_trade(number, amount=Decimal(amount)) for number, amount in enumerate(amounts)]

    assert candle_of(trades).volume == Decimal("100.000000000000001")
