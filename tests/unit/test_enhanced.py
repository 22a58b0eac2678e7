"""What is read of a Helius ENHANCED transaction."""

import pytest

from functions.glow.errors import BadRequest
from functions.glow.fields import as_object
from functions.glow.trades.enhanced import read_enhanced
from functions.glow.trades.movements import Movements
from tests.unit.bodies import (
    MINT,
    POOL,
    RENT,
    SOL,
    TRADER,
    JsonObject,
    a_pool_buy,
    a_row,
    a_swap_event,
    a_transaction,
    an_account,
    native,
)


def read(transaction: JsonObject) -> Movements:
    return read_enhanced(as_object(transaction, where="body[0]"), where="body[0]")


def test_changes_are_by_owner_and_mint() -> None:
    movements = read(a_pool_buy(tokenTransfers=[]))

    assert movements.tokens[POOL] == {SOL: 10**9, MINT: -2_000_000}
    assert movements.tokens[TRADER] == {MINT: 2_000_000}
    assert (movements.rents[TRADER], movements.rents[POOL]) == (RENT, 0)
    assert movements.is_whole


def test_token_account_that_owns_itself_pays_itself_no_rent() -> None:
    alone = an_account(POOL, a_row(MINT, 5, owner=POOL), lamports=RENT)

    movements = read(a_transaction(accountData=[alone]))

    assert movements.tokens[POOL] == {MINT: 5}
    assert not movements.rents
    assert not movements.owner_of


def test_rows_of_one_mint_in_the_event_are_one_amount() -> None:
    event = read(
        a_swap_event(
            tokenInputs=[a_row(MINT, 1_000_000), a_row(MINT, 3_000_000)],
            nativeOutput=native(2_000_000_000),
        )
    ).event

    assert event
    assert (event.given, event.taken) == ({MINT: 4_000_000}, {SOL: 2_000_000_000})


def test_fees_of_the_event_are_not_read() -> None:
    event = read(
        a_swap_event(
            nativeInput=native(9_000),
            tokenOutputs=[a_row(MINT, 8_000)],
            nativeFees=[native(7)],
            tokenFees=[a_row(MINT, 7)],
        )
    ).event

    assert event
    assert (event.given, event.taken) == ({SOL: 9_000}, {MINT: 8_000})


@pytest.mark.parametrize("events", [None, {}, [], {"swap": None}, {"swap": []}])
def test_event_that_is_empty_in_any_way_is_none(events: object) -> None:
    assert read(a_transaction(events=events)).event is None


def test_accounts_of_a_call_are_known_by_their_owner() -> None:
    inner = {"programId": "Inner", "accounts": [f"{POOL}Sol", "Config"]}
    outer = {"programId": "Outer", "accounts": [TRADER], "innerInstructions": [inner]}

    movements = read(a_pool_buy(tokenTransfers=[], instructions=[outer]))

    assert movements.owners_handed_to(frozenset({"Outer"})) == {TRADER}
    assert movements.owners_handed_to(frozenset({"Inner"})) == {POOL, "Config"}


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (a_row(MINT, 2**64), "tokenAmount"),
        (a_row(MINT, 9_000, decimals=256), "decimals"),
        (a_row(MINT, 9_000, decimals=-1), "decimals"),
        (a_row(SOL, 9_000, decimals=6), "decimals"),
        (a_row(MINT, 9_000) | {"rawTokenAmount": None}, "rawTokenAmount"),
        (a_row(MINT, 9_000) | {"rawTokenAmount": {"decimals": 6}}, "tokenAmount"),
        (a_row(MINT, 9_000) | {"mint": 7}, "mint"),
    ],
)
def test_damaged_amount_is_named(row: JsonObject, field: str) -> None:
    with pytest.raises(BadRequest, match=rf"body\[0\]\.events\.swap\.tokenOutputs\[0\].*{field}"):
        read(a_swap_event(nativeInput=native(9_000), tokenOutputs=[row]))


def test_account_in_two_rows_is_damage() -> None:
    twice = [an_account(POOL, lamports=1), an_account(POOL, lamports=1)]

    with pytest.raises(BadRequest, match="accountData"):
        read(a_transaction(accountData=twice))
