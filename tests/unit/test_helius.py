"""The SOL price of one Helius ENHANCED transaction, from real bodies and from built ones."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.glow.errors import BadRequest
from functions.glow.trades.helius import NoPrice, PricedToken, price_transaction
from tests.unit.bodies import (
    LAMPORTS_PER_SOL,
    MINT,
    OTHER_MINT,
    POOL,
    ROUTER,
    SOL,
    TRADER,
    JsonObject,
    a_pool_buy,
    a_row,
    a_swap_event,
    a_transaction,
    a_transfer,
    an_account,
    native,
    real_transactions,
)

USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
PUMP = "DgWA3F1w6fzhf4jtphvBAcSqbK9iXHqmMRH6Sr1Gpump"


def outcomes(transaction: JsonObject) -> list[tuple[str, str] | str]:
    """(mint, price) where there is one, else the reason."""
    return [
        (found.mint, str(found.price)) if isinstance(found, PricedToken) else found.reason
        for found in price_transaction(transaction, where="body[0]")
    ]


# The quotients are written out, so that this table can be checked by hand against the bodies.
@pytest.mark.parametrize(
    ("body", "index", "mint", "sol", "tokens", "path"),
    [
        ("enh_swap_jupiter_sol_to_usdc_2hop", 0, USDC, "1.452531235", "238.630695", "swap_event"),
        ("enh_swap_jupiter_usdc_to_sol_1hop", 0, USDC, "1.00019736", "150", "swap_event"),
        ("enh_mixed_batch_transfer_mint", 2, USDC, "1.698050989", "260.705369", "balances"),
        (
            "enh_swap_pump_fun_buy_webhook",
            0,
            PUMP,
            "3.950617283",
            "71334900.280873",
            "native_balance",
        ),
    ],
)
def test_real_trade_has_the_price_that_its_pool_moved(
    body: str, index: int, mint: str, sol: str, tokens: str, path: str
) -> None:
    (priced,) = price_transaction(real_transactions(body)[index], where="body[0]")

    assert isinstance(priced, PricedToken)
    assert (priced.mint, priced.path) == (mint, path)
    assert priced.price == round_15(Decimal(sol) / Decimal(tokens))


def round_15(value: Decimal) -> Decimal:
    return Decimal(f"{value:.14e}")


@pytest.mark.parametrize(
    ("body", "index", "reason"),
    [
        ("enh_mixed_batch_transfer_mint", 0, "not_a_trade"),
        ("enh_mixed_batch_transfer_mint", 1, "not_a_trade"),
        ("enh_swap_jupiter_aury_usdc", 0, "token_to_token"),
    ],
)
def test_real_transaction_without_a_sol_price_says_why(body: str, index: int, reason: str) -> None:
    assert outcomes(real_transactions(body)[index]) == [reason]


def test_swap_without_its_event_has_the_same_price_from_balances() -> None:
    (swap,) = real_transactions("enh_swap_jupiter_usdc_to_sol_1hop")

    (from_event,) = price_transaction(swap, where="body[0]")
    (from_balances,) = price_transaction(swap | {"events": None}, where="body[0]")

    assert isinstance(from_event, PricedToken)
    assert isinstance(from_balances, PricedToken)
    assert from_balances.path == "balances"
    assert (from_balances.mint, from_balances.price) == (from_event.mint, from_event.price)


def test_mint_between_two_hops_never_becomes_a_price() -> None:
    (swap,) = real_transactions("enh_swap_jupiter_sol_to_usdc_2hop")

    assert outcomes(swap | {"events": None}) == ["several_hops"]


def test_wrapped_sol_in_the_event_counts_as_sol() -> None:
    swap = a_swap_event(
        nativeInput=native(LAMPORTS_PER_SOL),
        tokenInputs=[a_row(SOL, LAMPORTS_PER_SOL, decimals=9)],
        tokenOutputs=[a_row(MINT, 4_000_000)],
    )

    assert outcomes(swap) == [(MINT, "0.5")]


def test_rows_of_one_mint_in_the_event_are_one_amount() -> None:
    swap = a_swap_event(
        tokenInputs=[a_row(MINT, 1_000_000), a_row(MINT, 3_000_000)],
        nativeOutput=native(2 * LAMPORTS_PER_SOL),
    )

    assert outcomes(swap) == [(MINT, "0.5")]


def test_fees_of_the_event_do_not_move_the_price() -> None:
    swap = a_swap_event(
        nativeInput=native(LAMPORTS_PER_SOL),
        tokenOutputs=[a_row(MINT, 2_000_000)],
        nativeFees=[native(LAMPORTS_PER_SOL)],
        tokenFees=[a_row(MINT, 1_000_000)],
    )

    assert outcomes(swap) == [(MINT, "0.5")]


@pytest.mark.parametrize(
    ("legs", "reason"),
    [
        (
            {"tokenInputs": [a_row(MINT, 9_000)], "tokenOutputs": [a_row(OTHER_MINT, 9_000)]},
            "token_to_token",
        ),
        ({"tokenInputs": [a_row(MINT, 9_000)], "tokenOutputs": [a_row(MINT, 8_000)]}, "same_mint"),
        (
            {"nativeInput": native(9_000), "tokenOutputs": [a_row(SOL, 9_000, decimals=9)]},
            "same_mint",
        ),
        (
            {
                "nativeInput": native(9_000),
                "tokenOutputs": [a_row(MINT, 9_000), a_row(OTHER_MINT, 9_000)],
            },
            "several_tokens",
        ),
        ({"nativeInput": native(999), "tokenOutputs": [a_row(MINT, 9_000)]}, "dust"),
        ({"nativeInput": native(9_000), "tokenOutputs": [a_row(MINT, 999)]}, "dust"),
        ({"nativeInput": native(0), "tokenOutputs": [a_row(MINT, 9_000)]}, "dust"),
        ({"nativeInput": native(9_000), "tokenOutputs": [a_row(MINT, 0, decimals=0)]}, "dust"),
        ({"nativeInput": native(-9_000), "tokenOutputs": [a_row(MINT, 9_000)]}, "dust"),
    ],
)
def test_event_without_a_sol_price_says_why(legs: JsonObject, reason: str) -> None:
    assert outcomes(a_swap_event(**legs)) == [reason]


def test_one_whole_token_without_decimals_is_not_dust() -> None:
    swap = a_swap_event(nativeInput=native(9_000), tokenOutputs=[a_row(MINT, 1, decimals=0)])

    assert outcomes(swap) == [(MINT, "0.000009")]


def test_half_empty_event_gives_way_to_the_balances() -> None:
    swap = a_pool_buy(events={"swap": {"tokenOutputs": [a_row(MINT, 2_000_000)]}})

    assert outcomes(swap) == [(MINT, "0.5")]


def test_failed_transaction_has_no_price() -> None:
    assert outcomes(a_pool_buy(transactionError={"error": "x"})) == ["failed_transaction"]


@pytest.mark.parametrize("transaction_type", ["SWAP", "BUY", "SELL", "UNKNOWN", "TOKEN_MINT"])
def test_type_of_the_transaction_does_not_decide(transaction_type: str) -> None:
    assert outcomes(a_pool_buy(type=transaction_type)) == [(MINT, "0.5")]


def test_sale_to_a_curve_is_priced_from_the_lamports_of_the_curve() -> None:
    sale = a_transaction(
        tokenTransfers=[a_transfer(MINT, TRADER, POOL)],
        accountData=[
            an_account(TRADER, lamports=900_000_000),  # less fee and tip
            an_account(POOL, lamports=-LAMPORTS_PER_SOL),
            an_account("traderToken", a_row(MINT, -2_000_000)),
            an_account("poolToken", a_row(MINT, 2_000_000, owner=POOL)),
        ],
    )

    assert outcomes(sale) == [(MINT, "0.5")]


def test_order_split_over_two_pools_has_one_price() -> None:
    first, second = a_pool_buy(), a_pool_buy(lamports=2 * LAMPORTS_PER_SOL, pool="Pool222")
    both = first | {
        "tokenTransfers": joined(first, second, "tokenTransfers"),
        "accountData": joined(first, second, "accountData"),
    }

    assert outcomes(both) == [(MINT, "0.75")]


def test_two_tokens_bought_in_one_transaction_have_a_price_each() -> None:
    first = a_pool_buy()
    second = a_pool_buy(lamports=3 * LAMPORTS_PER_SOL, mint=OTHER_MINT, pool="Pool222")
    both = first | {
        "tokenTransfers": joined(first, second, "tokenTransfers"),
        "accountData": joined(first, second, "accountData"),
    }

    assert outcomes(both) == [(MINT, "0.5"), (OTHER_MINT, "1.5")]


def joined(first: JsonObject, second: JsonObject, key: str) -> list[object]:
    rows = [first[key], second[key]]
    return [row for part in rows if isinstance(part, list) for row in part]  # pyright: ignore[reportUnknownVariableType]  JSON


def test_change_that_a_pool_gives_back_is_not_counted() -> None:
    """2 SOL went in and 1 came back: the pool kept 1."""
    buy = a_pool_buy()
    buy["tokenTransfers"] = [
        a_transfer(SOL, TRADER, POOL),
        a_transfer(SOL, POOL, TRADER),
        a_transfer(MINT, POOL, TRADER),
    ]

    assert outcomes(buy) == [(MINT, "0.5")]


def test_liquidity_put_into_a_pool_is_not_a_trade() -> None:
    deposit = a_transaction(
        tokenTransfers=[a_transfer(SOL, TRADER, POOL), a_transfer(MINT, TRADER, POOL)],
        accountData=[
            an_account("poolSol", a_row(SOL, LAMPORTS_PER_SOL, owner=POOL, decimals=9)),
            an_account("poolToken", a_row(MINT, 2_000_000, owner=POOL)),
            an_account("traderToken", a_row(MINT, -2_000_000)),
        ],
    )

    assert outcomes(deposit) == ["not_a_trade"]


def test_token_that_the_trader_only_passed_on_has_no_price() -> None:
    """SOL -> MINT at one pool, MINT -> OTHER_MINT at the next; 3 units of MINT were left over."""
    buy = a_pool_buy()
    hop = a_transaction(
        tokenTransfers=[
            a_transfer(MINT, TRADER, "Pool222"),
            a_transfer(OTHER_MINT, "Pool222", TRADER),
        ],
        accountData=[
            an_account("pool2a", a_row(MINT, 1_999_997, owner="Pool222")),
            an_account("pool2b", a_row(OTHER_MINT, -7_000_000, owner="Pool222")),
            an_account("traderMint", a_row(MINT, -1_999_997)),
            an_account("traderOther", a_row(OTHER_MINT, 7_000_000)),
        ],
    )
    route = buy | {
        "tokenTransfers": joined(buy, hop, "tokenTransfers"),
        "accountData": joined(buy, hop, "accountData"),
    }

    assert outcomes(route) == ["several_hops"]


def test_router_fee_is_not_taken_for_the_sol_side() -> None:
    """A router hands the token on and keeps 0.01 SOL: that is its fee, not the price."""
    routed = a_transaction(
        tokenTransfers=[a_transfer(MINT, POOL, ROUTER), a_transfer(MINT, ROUTER, TRADER)],
        accountData=[
            an_account(ROUTER, lamports=10_000_000),
            an_account(POOL, lamports=LAMPORTS_PER_SOL),
            an_account("poolToken", a_row(MINT, -2_000_000, owner=POOL)),
            an_account("traderToken", a_row(MINT, 2_000_000)),
        ],
    )

    assert outcomes(routed) == ["not_a_trade"]


def test_buy_that_creates_its_curve_is_skipped_for_the_rent_in_it() -> None:
    """The curve ends up with more tokens than before, so it is no seller; the next buy has a price."""
    create = a_transaction(
        tokenTransfers=[a_transfer(MINT, "", POOL), a_transfer(MINT, POOL, TRADER)],
        accountData=[
            an_account(POOL, lamports=LAMPORTS_PER_SOL + 1_231_920),
            an_account("poolToken", a_row(MINT, 998_000_000, owner=POOL)),
            an_account("traderToken", a_row(MINT, 2_000_000)),
        ],
    )

    assert outcomes(create) == ["not_a_trade"]


@pytest.mark.parametrize("partner", ["", TRADER])
def test_exchange_with_nobody_or_oneself_is_not_a_trade(partner: str) -> None:
    """Staking burns SOL and mints a receipt; a wallet may move what it has between its accounts."""
    staked = a_transaction(
        tokenTransfers=[a_transfer(SOL, TRADER, partner), a_transfer(MINT, partner, TRADER)],
        accountData=[
            an_account("traderSol", a_row(SOL, -LAMPORTS_PER_SOL, decimals=9)),
            an_account("traderToken", a_row(MINT, 2_000_000)),
        ],
    )

    assert outcomes(staked) == ["not_a_trade"]


@pytest.mark.parametrize("nobody", ["", None])
def test_token_from_nobody_is_not_a_trade(nobody: str | None) -> None:
    minted = a_transaction(
        tokenTransfers=[a_transfer(MINT, "", TRADER) | {"fromUserAccount": nobody}],
        accountData=[an_account("traderToken", a_row(MINT, 2_000_000))],
    )

    assert outcomes(minted) == ["not_a_trade"]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (a_row(MINT, 2**64), "tokenAmount"),
        (a_row(MINT, 9_000, decimals=256), "decimals"),
        (a_row(MINT, 9_000, decimals=-1), "decimals"),
        (a_row(MINT, 9_000) | {"rawTokenAmount": None}, "rawTokenAmount"),
        (a_row(MINT, 9_000) | {"rawTokenAmount": {"decimals": 6}}, "tokenAmount"),
        (a_row(MINT, 9_000) | {"mint": 7}, "mint"),
    ],
)
def test_damaged_amount_is_named(row: JsonObject, field: str) -> None:
    swap = a_swap_event(nativeInput=native(9_000), tokenOutputs=[row])

    with pytest.raises(BadRequest, match=rf"body\[0\]\.events\.swap\.tokenOutputs\[0\].*{field}"):
        price_transaction(swap, where="body[0]")


@given(
    lamports=st.integers(1_000, 10**18),
    units=st.integers(1_000, 2**64 - 1),
    decimals=st.integers(1, 18),
)
def test_price_is_the_exact_quotient_to_15_digits(lamports: int, units: int, decimals: int) -> None:
    swap = a_swap_event(
        nativeInput=native(lamports), tokenOutputs=[a_row(MINT, units, decimals=decimals)]
    )

    (priced,) = price_transaction(json.loads(json.dumps(swap)), where="body[0]")

    assert not isinstance(priced, NoPrice)
    exact = Decimal(lamports) * 10**decimals / (Decimal(units) * 10**9)
    assert abs(priced.price - exact) <= exact * Decimal("5.1e-15")
    assert len(priced.price.as_tuple().digits) <= 15


@given(lamports=st.integers(1_000, 10**15), units=st.integers(1_000, 10**15))
def test_buying_and_selling_the_same_amounts_give_the_same_price(lamports: int, units: int) -> None:
    bought = a_swap_event(nativeInput=native(lamports), tokenOutputs=[a_row(MINT, units)])
    sold = a_swap_event(nativeOutput=native(lamports), tokenInputs=[a_row(MINT, units)])

    assert outcomes(bought) == outcomes(sold)
