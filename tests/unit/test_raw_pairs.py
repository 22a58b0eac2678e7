"""A transaction has the same outcome in both forms in which Helius sends it."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from functions.glow.fields import Json, as_object, parse_json
from functions.glow.trades.enhanced import read_enhanced
from functions.glow.trades.movements import Movements
from functions.glow.trades.parse import Trade, parse_webhook
from functions.glow.trades.raw import read_raw
from tests.unit.bodies import NOW, JsonObject, a_row, all_real_transactions, an_account, rows_of
from tests.unit.raw_bodies import Version, raw

VERSIONS: tuple[Version, ...] = ("legacy", 0, 1)
PUMP_FUN_BUY = "enh_swap_pump_fun_buy_webhook[0]"


def completed(name: str, transaction: JsonObject) -> JsonObject:
    """The body of the pump.fun buy leaves out the token account of the curve: here it is."""
    if name != PUMP_FUN_BUY:
        return transaction
    (sent,) = rows_of(transaction, "tokenTransfers")
    row = a_row(str(sent["mint"]), -71_334_900_280_873, owner=str(sent["fromUserAccount"]))
    curve = an_account(str(sent["fromTokenAccount"]), row)
    return transaction | {"accountData": [*rows_of(transaction, "accountData"), curve]}


def outcome(transaction: JsonObject) -> tuple[list[Trade], list[tuple[str | None, str]]]:
    """Trades, whose place in the block only RAW tells, and why the rest was skipped."""
    body = json.dumps([transaction])
    found = parse_webhook(body, x_token=None, tokens=frozenset(), now=NOW)
    trades = [replace(trade, index_in_block=None) for trade in found.trades]
    return trades, [(skip.token, skip.reason) for skip in found.skipped]


ALL = {
    # Some bodies have a made-up signature that is none.
    name: completed(name, transaction) | {"signature": "5igNaTure"}
    for name, transaction in all_real_transactions().items()
}
# Two bodies were cut down to the trader, which no RAW body ever is.
PAIRS = {name: one for name, one in ALL.items() if (None, "trimmed") not in outcome(one)[1]}


def parsed(transaction: JsonObject) -> Json:
    return as_object(parse_json(json.dumps(transaction), where="body"), where="body")


def raw_movements(transaction: JsonObject) -> Movements:
    movements = read_raw(parsed(raw(transaction)), where="body")
    assert isinstance(movements, Movements)
    return movements


def test_nearly_every_body_has_a_pair() -> None:
    assert ALL.keys() - PAIRS.keys() == {"J_pump_sell_trimmed_to_trader[0]", "085_PUMP_AMM_swap[0]"}
    assert sum(bool(outcome(one)[0]) for one in PAIRS.values()) > 40


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", PAIRS)
def test_both_forms_have_the_same_prices_sides_amounts_and_skips(
    name: str, version: Version
) -> None:
    assert outcome(raw(PAIRS[name], version=version)) == outcome(PAIRS[name])


@pytest.mark.parametrize("name", PAIRS)
def test_both_forms_tell_the_same_movements(name: str) -> None:
    enhanced = read_enhanced(parsed(PAIRS[name]), where="body")

    told = raw_movements(PAIRS[name])

    assert (told.fee_payer, told.fee) == (enhanced.fee_payer, enhanced.fee)
    assert (told.tokens, told.rents) == (enhanced.tokens, enhanced.rents)
    assert told.owner_of == enhanced.owner_of
    assert enhanced.lamports.items() <= told.lamports.items()
    assert Counter(told.transfers) == Counter(enhanced.transfers)
    assert not enhanced.calls or told.calls == enhanced.calls
    # Helius also notes what a closed token account gave back; nobody asks for those as senders.
    signers = {one.sender for one in enhanced.native_transfers} & {*told.tokens, told.fee_payer}
    assert signers <= {one.sender for one in told.native_transfers}
