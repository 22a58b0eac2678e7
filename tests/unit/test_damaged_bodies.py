"""Whatever is broken in a real body: no error but a refusal, and no price that is not a price."""

import copy
import json
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.glow.errors import Refused
from functions.glow.trades.parse import Trades, parse_webhook
from functions.glow.update import parse_update, place_of
from tests.unit.bodies import (
    HELIUS,
    NOW,
    JsonObject,
    a_burn,
    a_curve_trade,
    a_first_buy,
    a_pool_buy,
    a_simple_trade,
    all_real_transactions,
    real_transactions,
    rows_of,
)
from tests.unit.changed_bodies import balance_rows
from tests.unit.raw_bodies import raw

Path = tuple[str | int, ...]

RAW_BODIES: dict[str, JsonObject] = {
    "raw_pool_buy": raw(a_pool_buy()),
    "raw_curve_buy": raw(a_curve_trade()),
    "raw_jupiter": raw(real_transactions("enh_swap_jupiter_usdc_to_sol_1hop")[0]),
}
NAMED_BODIES: dict[str, object] = {
    **{path.stem: json.loads(path.read_text()) for path in sorted(HELIUS.glob("*.json"))},
    "pool_buy": [a_pool_buy()],
    "first_buy": [a_first_buy()],
    "burned": [a_burn()],
    "simple": a_simple_trade(),
    **{name: [transaction] for name, transaction in RAW_BODIES.items()},
}
BODIES = [*NAMED_BODIES.values()]
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(["", "0", "-1", "9" * 40, "9" * 41, "\u0663", "\x00", "\ud800", [], {}, [[]]]),
)
TEXTS = ["1", "11", "3Bxs4Ba2u7BkmhYB", "2" * 12, "Pool111", "Trader111", "Mint111", "1000000000"]


def paths(value: object, here: Path = ()) -> Iterator[Path]:
    """The path of every field and element in a JSON value, but for the value as a whole."""
    children: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        children = list(value.items())  # pyright: ignore[reportUnknownArgumentType]  JSON
    elif isinstance(value, list):
        children = list(enumerate(value))  # pyright: ignore[reportUnknownArgumentType]  JSON
    for key, child in children:
        yield (*here, key)
        yield from paths(child, (*here, key))


def damaged(body: object, path: Path, *junk: object) -> object:
    """A copy of `body` without what is at `path`, or with `junk` in its place."""
    result = copy.deepcopy(body)
    parent = result
    for key in path[:-1]:
        parent = parent[key]  # pyright: ignore  JSON
    if junk:
        parent[path[-1]] = junk[0]  # pyright: ignore  JSON
    else:
        del parent[path[-1]]  # pyright: ignore  JSON
    return result


def survive(body: str | bytes) -> Trades | None:
    """Parse `body`; only a refusal is allowed, and every update must be a sound one."""
    try:
        trades = parse_webhook(body, x_token="SOL", tokens=frozenset(), now=NOW)
    except Refused:  # a 4xx, whichever: test_every_refusal_is_the_callers_fault
        return None
    for update in trades.updates:
        assert update.price > 0
        assert parse_update(update.to_json()) == update
    assert sorted(trades.updates, key=lambda update: place_of(update.id)) == list(trades.updates)
    assert all(skip.detail and skip.reason for skip in trades.skipped)
    assert all(skip.reason != "internal_error" for skip in trades.skipped)
    json.dumps([skip.to_dict() for skip in trades.skipped])
    return trades


@pytest.mark.parametrize("body", BODIES, ids=NAMED_BODIES)
def test_any_field_may_be_missing(body: object) -> None:
    for path in paths(body):
        survive(json.dumps(damaged(body, path)))


ENHANCED_BODIES = {**all_real_transactions(), "first_buy": a_first_buy(), "burned": a_burn()}


@pytest.mark.parametrize("name", ENHANCED_BODIES)
def test_rows_of_a_mint_may_all_be_missing(name: str) -> None:
    """A price that is left is that of the whole body."""
    right = prices(ENHANCED_BODIES[name])
    for mint in sorted({str(row["mint"]) for row in balance_rows(ENHANCED_BODIES[name])}):
        trimmed = copy.deepcopy(ENHANCED_BODIES[name])
        for account in rows_of(trimmed, "accountData"):
            rows = rows_of(account, "tokenBalanceChanges")
            account["tokenBalanceChanges"] = [row for row in rows if row["mint"] != mint]

        assert {*prices(trimmed)} <= {*right}


@given(data=st.data())
@settings(max_examples=400, deadline=None)
def test_any_field_may_hold_anything(data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(BODIES))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([*paths(body)]))
        body = damaged(body, path, data.draw(JUNK))
    survive(json.dumps(body))


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_damage_to_one_transaction_leaves_its_neighbour_alone(data: st.DataObject) -> None:
    healthy = a_pool_buy(signature="Healthy")
    other: JsonObject = a_pool_buy(signature="Other")
    path = data.draw(st.sampled_from([*paths(other)]))

    trades = survive(json.dumps([damaged(other, path, data.draw(JUNK)), healthy]))

    assert trades is not None
    assert ("Healthy", Decimal("0.5")) in [
        (update.tx_signature, update.price) for update in trades.updates
    ]


def prices(transaction: object) -> list[tuple[str, Decimal]]:
    trades = survive(json.dumps([transaction]))
    return [] if trades is None else [(each.token, each.price) for each in trades.updates]


@pytest.mark.parametrize("name", RAW_BODIES)
def test_raw_body_that_lacks_a_field_has_its_price_or_none(name: str) -> None:
    right = prices(RAW_BODIES[name])
    assert right
    for path in paths(RAW_BODIES[name]):
        assert prices(damaged(RAW_BODIES[name], path)) in (right, []), path


@given(name=st.sampled_from([*RAW_BODIES]), data=st.data())
@settings(max_examples=600, deadline=None)
def test_raw_body_with_a_field_of_anything_has_its_price_or_none(
    name: str, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from([*paths(RAW_BODIES[name])]))
    junk = data.draw(JUNK | st.integers(0, 20) | st.sampled_from(TEXTS))

    assert prices(damaged(RAW_BODIES[name], path, junk)) in (prices(RAW_BODIES[name]), [])


@given(st.sampled_from(BODIES), st.data())
@settings(max_examples=200, deadline=None)
def test_any_byte_may_be_wrong(body: object, data: st.DataObject) -> None:
    text = bytearray(json.dumps(body).encode())
    for _ in range(data.draw(st.integers(1, 5))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    survive(bytes(text[: data.draw(st.integers(0, len(text)))]))


@given(st.binary(max_size=200))
def test_any_bytes_may_come(body: bytes) -> None:
    survive(body)
