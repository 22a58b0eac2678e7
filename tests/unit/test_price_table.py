"""Every real body and every reported case with prices that were computed by hand from its balances."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from functions.glow.trades.parse import Trades, parse_webhook
from tests.unit.bodies import DATA, NOW

# What the pool gained or lost: SOL and tokens, as quotients that can be checked against the bodies.
HAND: dict[str, dict[str, str]] = {
    "cases/B_swap_event_with_native_input_and_output": {
        "HelpMintMadeUp1111111111111111111111111111": "18.509054356 / 2100000"
    },
    "cases/C_gasless_swap_fee_payer_is_a_relayer": {
        "HelpMintMadeUp1111111111111111111111111111": "1.026383054 / 1811.942736"
    },
    "cases/D_bundled_buy_three_wallets_one_tx": {
        "HelpMintMadeUp1111111111111111111111111111": "0.9 / 30000000"
    },
    "cases/E_events_is_an_empty_array": {
        "HelpMintMadeUp1111111111111111111111111111": "1.026383054 / 1811.942736"
    },
    "cases/F_limit_order_filled_by_keeper": {
        "HelpMintMadeUp1111111111111111111111111111": "2 / 1000"
    },
    "cases/H_token_to_token_via_wsol": {
        "TokA": "9.535841 / 500000",
        "TokB": "9.535841 / 750000",
    },
    "cases/J_pump_sell_trimmed_to_trader": {},
    "cases/K_round_trip_buy_and_sell_in_one_tx": {},
    "cases/L_transfer_receiver_pays_its_own_rent": {},
    "helius/enh_mixed_batch_transfer_mint": {
        "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v": "1.698050989 / 260.705369"
    },
    "helius/enh_swap_jupiter_aury_usdc": {},
    "helius/enh_swap_jupiter_sol_to_usdc_2hop": {
        "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v": "1.452531235 / 238.630695",
        "85VBFQZC9TZkfaptBWjvUw7YbZjy52A6mjtPGjstQAmQ": "1.452531235 / 352.337576",
    },
    "helius/enh_swap_jupiter_usdc_to_sol_1hop": {
        "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v": "1.00019736 / 150"
    },
    "helius/enh_swap_pump_fun_buy_webhook": {
        "DgWA3F1w6fzhf4jtphvBAcSqbK9iXHqmMRH6Sr1Gpump": "3.950617283 / 71334900.280873"
    },
    "helius/raw_swap_pump_fun_buy_derived": {
        "DgWA3F1w6fzhf4jtphvBAcSqbK9iXHqmMRH6Sr1Gpump": "3.950617283 / 71334900.280873"
    },
    "helius/raw_transfer_sol_webhook": {},
}
# Why those without a price have none.
REASONS = {
    "cases/J_pump_sell_trimmed_to_trader": {"trimmed"},
    "cases/K_round_trip_buy_and_sell_in_one_tx": {"opposite_trades"},
    "cases/L_transfer_receiver_pays_its_own_rent": {"not_a_trade"},
    "helius/enh_swap_jupiter_aury_usdc": {"token_to_token"},
    "helius/raw_transfer_sol_webhook": {"not_a_trade"},
    "corpus/073_SOLANA_PROGRAM_LIBRARY_burn": {"not_a_trade"},
    "corpus/085_PUMP_AMM_swap": {"trimmed"},
    "corpus/151_JUPITER_jupiterdca-endandclose-0_derived": {"not_a_trade"},
    "corpus/178_RAYDIUM_test-refetch-txs-in-range_derived": {"not_a_trade"},
    "corpus/181_UNKNOWN_test-borrow-native_derived": {"loan"},
    "corpus/188_UNKNOWN_test-repay-native_derived": {"loan"},
    "corpus/190_JUPITER_test-route-v2_derived": {"token_to_token"},
}
EXPECTED = json.loads((DATA / "corpus" / "EXPECTED.json").read_text())
CORPUS = sorted(name for path in (DATA / "corpus").glob("[0-9]*.json") if (name := path.name))
CLOSE = Decimal("1e-9")


def parse(path: Path) -> Trades:
    return parse_webhook(path.read_text(), x_token=None, tokens=frozenset(), now=NOW)


def prices(trades: Trades) -> dict[str, Decimal]:
    return {trade.update.token: trade.update.price for trade in trades.trades}


def quotient(text: str) -> Decimal:
    sol, tokens = text.split(" / ")
    return Decimal(sol) / Decimal(tokens)


def digits(price: Decimal) -> Decimal:
    """`price` as a number from 1 to 10: prices in EXPECTED.json lost their exponent to a cut."""
    return price.scaleb(-price.adjusted())


@pytest.mark.parametrize("name", HAND)
def test_body_has_the_prices_that_were_computed_by_hand(name: str) -> None:
    found = prices(parse(DATA / f"{name}.json"))

    assert found.keys() == HAND[name].keys()
    for token, price in found.items():
        assert abs(price / quotient(HAND[name][token]) - 1) < CLOSE


@pytest.mark.parametrize("name", CORPUS)
def test_real_transaction_has_no_wrong_price_and_misses_none(name: str) -> None:
    expected = EXPECTED[name]
    trades = parse(DATA / "corpus" / name)

    found = prices(trades)
    for token, price in found.items():
        right = [Decimal(each) for each in expected["prices"].get(token, [])]
        assert any(abs(digits(price) / digits(each) - 1) < CLOSE for each in right), token
    assert found or expected["skip_ok"] or not any(expected["prices"].values())
    assert found or trades.skipped


@pytest.mark.parametrize("name", CORPUS)
def test_price_is_what_was_paid_for_the_amount(name: str) -> None:
    for update in parse(DATA / "corpus" / name).updates:
        assert update.amount is not None
        assert update.amount_sol is not None
        assert abs(update.amount_sol / update.amount / update.price - 1) < CLOSE
        assert update.amount_sol < 1_000  # SOL, not lamports: the largest here is 61
        assert update.side in ("buy", "sell")


@pytest.mark.parametrize("name", REASONS)
def test_skip_tells_why(name: str) -> None:
    assert {skip.reason for skip in parse(DATA / f"{name}.json").skipped} == REASONS[name]


@pytest.mark.parametrize(
    ("name", "side", "amount", "amount_sol"),
    [
        (
            "corpus/157_PUMP_FUN_photon-pumpfun-sell_derived",
            "sell",
            "50287397.622085",
            "1.667803326",
        ),
        ("corpus/161_PUMP_FUN_pumpfun-create-0_derived", "buy", "34612903.225806", "1"),
        ("corpus/207_JUPITER_test-query-tx-from-rpc_derived", "buy", "34.95721", "0.218145145"),
        ("corpus/234_OKX_DEX_ROUTER_agave3_derived", "buy", "4374.143343", "0.003615608"),
        ("cases/C_gasless_swap_fee_payer_is_a_relayer", "buy", "1811.942736", "1.026383054"),
        ("cases/F_limit_order_filled_by_keeper", "sell", "1000", "2"),
    ],
)
def test_trade_has_the_side_and_the_amounts_of_its_pool(
    name: str, side: str, amount: str, amount_sol: str
) -> None:
    (trade,) = parse(DATA / f"{name}.json").trades

    assert (trade.update.side, trade.update.amount, trade.update.amount_sol) == (
        side,
        Decimal(amount),
        Decimal(amount_sol),
    )


def test_every_body_of_the_folder_is_in_the_table() -> None:
    bodies = {
        f"{folder}/{path.stem}"
        for folder in ("cases", "helius")
        for path in (DATA / folder).glob("*.json")
    }

    assert bodies == HAND.keys()
    assert {*EXPECTED} == {*CORPUS}
