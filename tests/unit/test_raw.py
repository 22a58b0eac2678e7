"""What a Helius RAW transaction has to tell before it is priced."""

from decimal import Decimal
from typing import cast

import pytest

from functions.glow.errors import BadRequest
from functions.glow.trades.instructions import Moved, Opened
from functions.glow.trades.movements import NOBODY, Movements, Transfer
from functions.glow.trades.outcome import NoPrice, PricedToken
from functions.glow.trades.price import price_movements
from functions.glow.trades.token_accounts import TokenAccount, transfers_between
from tests.unit.bodies import (
    FEE,
    LAMPORTS_PER_SOL,
    MINT,
    RENT,
    RENTS,
    SOL,
    TRADER,
    JsonObject,
    a_pool_buy,
    real_transactions,
    rows_of,
)
from tests.unit.changed_raw_bodies import (
    POOL_MINT,
    POOL_SOL,
    TRADER_MINT,
    TRADER_SOL,
    addresses,
    inner_calls,
    lamports,
    message,
    meta,
    read,
    row,
    set_units,
)
from tests.unit.raw_bodies import TOKEN, raw

TOKEN_2022 = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"


def movements(transaction: JsonObject) -> Movements:
    found = read(transaction)
    assert isinstance(found, Movements), found
    return found


def prices(transaction: JsonObject) -> list[str]:
    found = price_movements(movements(transaction))
    return [str(one.price) for one in found if isinstance(one, PricedToken)]


def reason(transaction: JsonObject) -> str:
    found = read(transaction)
    assert isinstance(found, NoPrice), found
    return found.reason


def test_real_body_is_read() -> None:
    (transfer,) = real_transactions("raw_transfer_sol_webhook")

    told = movements(transfer)

    sender, receiver = told.fee_payer, "HZUZfV5SYyEtDvaSp6UTLmj9Vw628HEMgR489sGPJ23z"
    assert (told.fee, told.index_in_block) == (80_000, 2111)
    assert (told.lamports[sender], told.lamports[receiver]) == (-280_000, 200_000)
    (sent,) = told.native_transfers
    assert (sent.sender, sent.receiver, sent.lamports) == (sender, receiver, 200_000)


def test_index_runs_over_static_then_writable_then_readonly_accounts() -> None:
    transfer = raw(a_pool_buy(tokenTransfers=[], accountData=[]))
    message(transfer).update(accountKeys=["Payer", "Swap"], instructions=[])
    meta(transfer).update(
        innerInstructions=[],
        loadedAddresses={"readonly": ["C"], "writable": ["A", "B"]},
        preBalances=[FEE, 1, 20, 300, 4_000],
        postBalances=[0, 1, 15, 302, 4_003],
    )

    assert movements(transfer).lamports == {"Payer": -FEE, "Swap": 0, "A": -5, "B": 2, "C": 3}


@pytest.mark.parametrize("version", ["legacy", 0, 1, None])
def test_every_version_is_read(version: object) -> None:
    assert prices(raw(a_pool_buy()) | {"version": version}) == ["0.5"]


@pytest.mark.parametrize("version", [2, "0", True, "v1", [0]])
def test_version_that_is_not_known_is_damage(version: object) -> None:
    with pytest.raises(BadRequest, match=r"body\[0\]\.version"):
        read(raw(a_pool_buy()) | {"version": version})


def test_row_tells_whose_an_account_is_before_the_call_that_opened_it_does() -> None:
    """It was opened for one owner, and handed to another."""
    vault = TokenAccount("Now111", MINT, units=(None, 5), lamports=(0, RENT))
    steps = [Opened("Vault", MINT, "Then111"), Moved(None, "Vault", 5, is_taxed=False)]

    minted = transfers_between({"Vault": vault}, steps, {MINT: 0})

    assert minted == (Transfer(NOBODY, "Now111", MINT, Decimal(5)),)


@pytest.mark.parametrize(("kept", "outcome"), [(RENTS[2], True), (RENTS[2] + 1, False)])
def test_wrapped_sol_account_that_is_opened_again_holds_the_rent_of_today(
    kept: int, outcome: bool
) -> None:
    units, lamports = (10**9, 2 * 10**9), (10**9 + RENTS[0], 2 * 10**9 + kept)

    assert TokenAccount("Owner111", SOL, units, lamports).wraps_its_lamports is outcome


class TestTrimmed:
    def test_body_without_meta(self) -> None:
        buy = raw(a_pool_buy())

        assert reason(buy | {"meta": None}) == "trimmed"
        del buy["meta"]
        assert reason(buy) == "trimmed"

    @pytest.mark.parametrize(
        "key",
        [
            "fee",
            "preBalances",
            "postBalances",
            "preTokenBalances",
            "postTokenBalances",
            "innerInstructions",
            "loadedAddresses",
        ],
    )
    def test_body_without_a_list_that_a_node_may_leave_out(self, key: str) -> None:
        buy = raw(a_pool_buy(), version=0)

        meta(buy)[key] = None
        assert reason(buy) == "trimmed"
        del meta(buy)[key]
        assert reason(buy) == "trimmed"

    @pytest.mark.parametrize("key", ["preBalances", "postBalances"])
    def test_body_with_the_balances_of_some_accounts(self, key: str) -> None:
        buy = raw(a_pool_buy())
        lamports(buy, key).pop()

        assert reason(buy) == "trimmed"

    @pytest.mark.parametrize("key", ["preTokenBalances", "postTokenBalances"])
    @pytest.mark.parametrize("owner", [None, ""])
    def test_token_balance_without_its_owner(self, key: str, owner: str | None) -> None:
        """Nodes before 1.9 left it out."""
        buy = raw(a_pool_buy())
        row(buy, key, POOL_MINT)["owner"] = owner

        assert reason(buy) == "trimmed"
        del row(buy, key, POOL_MINT)["owner"]
        assert reason(buy) == "trimmed"

    def test_transfer_by_an_account_that_no_row_and_no_call_tells_of(self) -> None:
        """The wrapped SOL of the trader, which was opened and closed: but the calls for it are cut."""
        buy = raw(a_pool_buy())
        for key in ("preTokenBalances", "postTokenBalances"):
            rows_of(meta(buy), key).remove(row(buy, key, TRADER_SOL))

        assert reason(buy) == "trimmed"


class TestDisagreement:
    def test_call_that_was_cut_out(self) -> None:
        """A sale in the same transaction goes unseen: the pool's net change is no price."""
        buy = raw(a_pool_buy())
        tokens_sent = inner_calls(buy).pop()

        assert reason(buy) == "witnesses_disagree"
        inner_calls(buy).append(tokens_sent | {"data": ""})
        assert reason(buy) == "witnesses_disagree"
        inner_calls(buy)[-1] = tokens_sent
        assert prices(buy) == ["0.5"]

    @pytest.mark.parametrize("address", [POOL_MINT, TRADER_MINT])
    @pytest.mark.parametrize("units", [0, 1, 1_999_999, 2_000_001, 2**64 - 1])
    def test_units_that_no_call_moved(self, address: str, units: int) -> None:
        buy = raw(a_pool_buy())
        key = "preTokenBalances" if address == POOL_MINT else "postTokenBalances"
        set_units(buy, key, address, units)

        assert reason(buy) == "witnesses_disagree"

    @pytest.mark.parametrize("units", [0, LAMPORTS_PER_SOL - 1, 10 * LAMPORTS_PER_SOL])
    def test_wrapped_sol_that_is_not_in_the_lamports(self, units: int) -> None:
        buy = raw(a_pool_buy())
        set_units(buy, "postTokenBalances", POOL_SOL, units)

        assert reason(buy) == "witnesses_disagree"

    @pytest.mark.parametrize("key", ["preTokenBalances", "postTokenBalances"])
    def test_row_of_wrapped_sol_that_was_cut_out(self, key: str) -> None:
        buy = raw(a_pool_buy())
        rows_of(meta(buy), key).remove(row(buy, key, POOL_SOL))

        assert reason(buy) == "witnesses_disagree"

    def test_wrapped_sol_of_an_account_that_was_opened(self) -> None:
        buy = raw(a_pool_buy())
        rows_of(meta(buy), "preTokenBalances").remove(row(buy, "preTokenBalances", POOL_SOL))
        before = lamports(buy, "preBalances")
        before[addresses(buy).index(POOL_SOL)] -= RENT
        before[addresses(buy).index(TRADER)] += RENT
        assert prices(buy) == ["0.5"]

        set_units(buy, "postTokenBalances", POOL_SOL, 10)

        assert reason(buy) == "witnesses_disagree"

    def test_lamports_that_do_not_add_up(self) -> None:
        buy = raw(a_pool_buy())
        lamports(buy, "postBalances")[0] += 1

        assert reason(buy) == "witnesses_disagree"

    @pytest.mark.parametrize(("field", "value"), [("owner", "Other111"), ("mint", "OtherMint111")])
    def test_account_that_is_another_one_afterwards(self, field: str, value: str) -> None:
        buy = raw(a_pool_buy())
        row(buy, "postTokenBalances", POOL_MINT)[field] = value

        assert reason(buy) == "witnesses_disagree"


class TestFeesOfToken2022:
    def bought(self, *, received: int, program: str = TOKEN_2022) -> JsonObject:
        """The pool sends 2 tokens, and the trader gets `received` units of them."""
        buy = raw(a_pool_buy())
        keys = cast("list[str]", message(buy)["accountKeys"])
        meta(buy)["loadedAddresses"] = {
            name: [program if address == TOKEN else address for address in part]
            for name, part in cast("dict[str, list[str]]", meta(buy)["loadedAddresses"]).items()
        }
        message(buy)["accountKeys"] = [program if key == TOKEN else key for key in keys]
        set_units(buy, "postTokenBalances", TRADER_MINT, received)
        return buy

    def test_what_the_mint_withholds_is_no_disagreement(self) -> None:
        assert prices(self.bought(received=1_900_000)) == ["0.5"]

    def test_more_than_was_sent_is_one(self) -> None:
        assert reason(self.bought(received=2_000_001)) == "witnesses_disagree"

    def test_other_tokens_have_no_such_fee(self) -> None:
        bought = self.bought(received=1_900_000, program=TOKEN)

        assert reason(bought) == "witnesses_disagree"
