"""Prices in US dollars: by SOL/USD, and the other way round where a trade was paid in dollars."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.glow.trades.parse import Trades, parse_webhook
from functions.glow.update import MAX_PRICE, MIN_PRICE
from functions.glow.usd import Dollars, SolUsd, in_usd
from tests.unit.bodies import (
    FEE,
    MINT,
    TRADER,
    a_row,
    a_transaction,
    a_transfer,
    an_account,
)

DATA = Path(__file__).parent.parent / "data"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
USDT = "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"
AURY = "AURYydfxJib1ZkTir1Jn1J9ECYUtjb6rKQVmtYaixWPP"
# A real sale of 24.780010555 AURY for 52.293757 USDC, and a real one of KMNO; their sources lie beside.
AURY_SWAP = DATA / "helius" / "enh_swap_jupiter_aury_usdc.json"
KMNO_SWAP = DATA / "corpus" / "190_JUPITER_test-route-v2_derived.json"
SOL_SWAP = DATA / "helius" / "enh_swap_jupiter_usdc_to_sol_1hop.json"
NOW = 2_000_000_000


def transaction(path: Path) -> dict[str, Any]:
    body: Any = json.loads(path.read_text())
    return cast("list[Any]", body)[0] if isinstance(body, list) else body


def parse(body: dict[str, Any], *, rate: str | None = "150", age_seconds: int = 0) -> Trades:
    asked_at = (body["timestamp"] + age_seconds) * 1_000
    known = None if rate is None else SolUsd(Decimal(rate), asked_at, 1)
    text = json.dumps([body])
    return parse_webhook(
        text, x_token=None, tokens=frozenset(), now=NOW, dollars=Dollars(known, 180)
    )


def test_real_sale_for_usdc_has_the_price_in_sol_that_its_dollars_are_worth() -> None:
    (update,) = parse(transaction(AURY_SWAP)).updates

    assert (update.token, update.via, update.side) == (AURY, "usdc", "sell")
    assert update.amount == Decimal("24.780010555")
    assert update.price_usd == Decimal("2.11032020684303")
    assert update.price == Decimal("0.0140688013789535")
    assert update.amount_sol == Decimal("0.348625046666667")  # 52.293757 / 150


def test_swap_over_a_pool_of_usdc_is_priced_too() -> None:
    (update,) = parse(transaction(KMNO_SWAP)).updates

    assert (update.via, update.price_usd) == ("usdc", Decimal("0.0864164482897376"))


def test_usdt_is_a_dollar_as_usdc_is() -> None:
    text = json.dumps(transaction(AURY_SWAP)).replace(USDC, USDT)

    (update,) = parse(json.loads(text)).updates

    assert (update.via, update.price_usd) == ("usdt", Decimal("2.11032020684303"))


def test_fee_and_tip_in_sol_are_not_in_a_price_in_dollars() -> None:
    body = transaction(AURY_SWAP)
    (plain,) = parse(body).updates
    payer, lamports = body["feePayer"], 5_000_000
    for account in body["accountData"]:
        if account["account"] == payer:
            account["nativeBalanceChange"] -= 2 * lamports
    tip: dict[str, object] = {
        "account": "T1pyyaTNZsKv2WcRAB8oVnk93mLJw2XzjtVYqCsaHqt",
        "tokenBalanceChanges": [],
    }
    body["accountData"].append({**tip, "nativeBalanceChange": lamports})
    body["fee"] += lamports

    assert parse(body).updates == (plain,)


@pytest.mark.parametrize(
    ("rate", "age_seconds"),
    [
        pytest.param(None, 0, id="never known"),
        pytest.param("150", -181, id="of before the trade"),
        pytest.param("150", 181, id="of long after it"),
    ],
)
def test_without_a_rate_of_its_time_it_is_skipped_by_name(
    rate: str | None, age_seconds: int
) -> None:
    trades = parse(transaction(AURY_SWAP), rate=rate, age_seconds=age_seconds)

    (skip,) = trades.skipped
    assert trades.updates == ()
    assert (skip.reason, skip.token) == ("token_to_token", AURY)
    assert skip.detail == "traded for USDC, and SOL/USD was not known when it came in"


def a_sale_to_separate_vaults(units: int) -> dict[str, Any]:
    """1,000 tokens for `units` of USDC: one owner took the tokens, another one paid."""
    sold = 1_000_000_000
    return a_transaction(
        tokenTransfers=[
            a_transfer(MINT, TRADER, "Tokens111", sold),
            a_transfer(USDC, "Dollars111", TRADER, units),
        ],
        accountData=[
            an_account(TRADER, lamports=-FEE),
            an_account("traderTokens", a_row(MINT, -sold)),
            an_account("vaultTokens", a_row(MINT, sold, owner="Tokens111")),
            an_account("traderDollars", a_row(USDC, units)),
            an_account("vaultDollars", a_row(USDC, -units, owner="Dollars111")),
        ],
        events={
            "swap": {
                "tokenInputs": [a_row(MINT, sold)],
                "tokenOutputs": [a_row(USDC, units)],
            }
        },
    )


def test_swap_event_that_the_trader_bears_out_has_a_price_in_dollars() -> None:
    sale = a_sale_to_separate_vaults(300_000_000)

    (update,) = parse(sale).updates

    assert (update.token, update.via, update.side) == (MINT, "usdc", "sell")
    assert (update.price_usd, update.price) == (Decimal("0.3"), Decimal("0.002"))
    assert (update.amount, update.amount_sol) == (1000, 2)


def test_swap_event_beside_missing_rows_has_none() -> None:
    sale = a_sale_to_separate_vaults(300_000_000)
    sale["fee"] = FEE + 1  # so an account that paid it is not in the body

    assert parse(sale).updates == ()


def test_price_of_usdc_in_sol_comes_from_the_pool_and_not_from_a_dollar() -> None:
    (update,) = parse(transaction(SOL_SWAP)).updates

    assert (update.token, update.via) == (USDC, None)
    assert update.price == Decimal("0.0066679824")
    assert update.price_usd == Decimal("1.00019736")


@pytest.mark.parametrize(("age_seconds", "is_known"), [(-181, False), (-180, True), (180, True)])
def test_rate_holds_for_trades_near_it(age_seconds: int, is_known: bool) -> None:
    (update,) = parse(transaction(SOL_SWAP), age_seconds=age_seconds).updates

    assert (update.price_usd is not None) == is_known


fifteen_digits = st.decimals(
    min_value="1e-9", max_value="1e6", allow_nan=False, allow_infinity=False
).map(lambda number: +Decimal(f"{number:.14e}"))


@given(fifteen_digits, fifteen_digits)
def test_product_is_rounded_once_to_fifteen_digits(price: Decimal, rate: Decimal) -> None:
    found = in_usd(price, rate)

    assert found is not None
    exact = Fraction(price) * Fraction(rate)
    assert len(found.as_tuple().digits) <= 15
    assert abs(Fraction(found) - exact) * 2 * 10**14 <= exact


@pytest.mark.parametrize("price", [MIN_PRICE, MAX_PRICE])
def test_price_that_no_reader_takes_is_left_out(price: Decimal) -> None:
    rate = Decimal("1e-50") if price == MIN_PRICE else Decimal("1e50")

    assert in_usd(price, rate) is None
    assert in_usd(price, None) is None
