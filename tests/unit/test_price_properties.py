"""What a transaction pays beside the trade, and in which order it is told, never moves a price."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.glow.fields import as_object, parse_json
from functions.glow.trades.enhanced import read_enhanced
from functions.glow.trades.outcome import PricedToken
from functions.glow.trades.price import price_movements
from tests.unit.bodies import JsonObject, all_real_transactions
from tests.unit.changed_bodies import (
    Change,
    changed,
    mirrored,
    with_a_higher_fee,
    with_a_relayer,
    with_a_tip,
    with_rent_rows,
    with_rents_of,
    with_shuffled_rows,
    with_split_pools,
    with_wrapped_sol_of_the_fee_in_the_event,
    without_its_event,
)

TRANSACTIONS = all_real_transactions()
CLOSE = Decimal("1e-9")
OTHER_SIDE = {"buy": "sell", "sell": "buy", None: None}
# The curve of a coin's creation is told by its only rent, the SOL of a curve by who was paid.
KEPT_BY: dict[str, Change] = {
    change.__name__: change
    for change in (with_a_higher_fee, with_a_tip, with_rent_rows, with_shuffled_rows)
}
KEPT_OR_SKIPPED_BY: dict[str, Change] = KEPT_BY | {
    change.__name__: change
    for change in (
        with_a_relayer,
        with_split_pools,
        without_its_event,
        with_wrapped_sol_of_the_fee_in_the_event,
    )
}


def outcomes(transaction: JsonObject) -> tuple[dict[str, PricedToken], list[str]]:
    """What is priced, by mint, and the reasons of the rest."""
    parsed = as_object(parse_json(json.dumps(transaction), where="body"), where="body")
    found = price_movements(read_enhanced(parsed, where="body"))
    priced = {one.mint: one for one in found if isinstance(one, PricedToken)}
    return priced, [one.reason for one in found if not isinstance(one, PricedToken)]


def assert_same_price(one: PricedToken, other: PricedToken) -> None:
    assert abs(one.price / other.price - 1) < CLOSE, (one, other)


@pytest.mark.parametrize("change", KEPT_BY.values(), ids=KEPT_BY)
@pytest.mark.parametrize("name", TRANSACTIONS)
def test_fees_tips_rent_and_order_leave_everything_as_it_is(name: str, change: Change) -> None:
    before = outcomes(TRANSACTIONS[name])

    assert outcomes(changed(TRANSACTIONS[name], change, seed=1)) == before


@pytest.mark.parametrize("rate", [5_080, 696])
@pytest.mark.parametrize("name", TRANSACTIONS)
def test_lower_rent_leaves_everything_as_it_is(name: str, rate: int) -> None:
    before = outcomes(TRANSACTIONS[name])

    assert outcomes(changed(TRANSACTIONS[name], with_rents_of(rate), seed=1)) == before


@given(
    name=st.sampled_from([*TRANSACTIONS]),
    changes=st.lists(st.sampled_from([*KEPT_OR_SKIPPED_BY.values()]), min_size=1, max_size=4),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=500, deadline=None)
def test_changed_body_keeps_its_price_or_is_skipped_by_name(
    name: str, changes: list[Change], seed: int
) -> None:
    transaction = TRANSACTIONS[name]
    before, _ = outcomes(transaction)
    for place, change in enumerate(changes):
        transaction = changed(transaction, change, seed + place)

    after, reasons = outcomes(transaction)

    assert after.keys() <= before.keys()
    assert after or reasons
    for mint, priced in after.items():
        assert_same_price(priced, before[mint])
        assert priced.side in (before[mint].side, None)


@pytest.mark.parametrize("change", [with_split_pools, without_its_event])
@pytest.mark.parametrize("name", [name for name, one in TRANSACTIONS.items() if outcomes(one)[0]])
def test_split_pools_and_missing_events_lose_no_price(name: str, change: Change) -> None:
    before, _ = outcomes(TRANSACTIONS[name])

    after, _ = outcomes(changed(TRANSACTIONS[name], change, seed=2))

    if "create" not in name:  # whose rent is split, too, and so cannot be told
        assert after.keys() == before.keys()


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_mirror_of_a_trade_has_its_price_and_the_other_side(name: str) -> None:
    before, _ = outcomes(TRANSACTIONS[name])

    after, _ = outcomes(changed(TRANSACTIONS[name], mirrored, seed=3))

    assert after.keys() == before.keys()
    for mint, priced in after.items():
        assert_same_price(priced, before[mint])
        assert priced.side == OTHER_SIDE[before[mint].side]


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_trader_whose_fee_another_pays_is_never_taken_for_a_pool(name: str) -> None:
    before, _ = outcomes(TRANSACTIONS[name])

    after, _ = outcomes(changed(TRANSACTIONS[name], with_a_relayer, seed=4))

    assert after.keys() <= before.keys()
    for mint, priced in after.items():
        assert_same_price(priced, before[mint])


def test_trade_under_a_relayer_is_priced_where_wallets_can_be_told() -> None:
    under_relayer = {
        name: outcomes(changed(one, with_a_relayer, seed=4))[0]
        for name, one in TRANSACTIONS.items()
        if outcomes(one)[0]
    }

    # A curve and its one buyer, in a body without native transfers: either may be the pool.
    lost = sorted(name for name, priced in under_relayer.items() if not priced)
    assert lost == ["enh_swap_pump_fun_buy_webhook[0]"]
