"""Builders of webhook bodies, and the real ones of tests/data."""

import json
from pathlib import Path

from functions.glow.trades.movements import WRAPPED_SOL

DATA = Path(__file__).parent.parent / "data"
HELIUS = DATA / "helius"
NOW = 1_800_000_000.0  # later than every real body

TRADER, POOL, ROUTER = "Trader111", "Pool111", "Router111"
MINT, OTHER_MINT = "Mint111", "OtherMint111"
SOL = WRAPPED_SOL
LAMPORTS_PER_SOL = 10**9

JsonObject = dict[str, object]


def real_body(name: str) -> str:
    return (HELIUS / f"{name}.json").read_text()


def real_transactions(name: str) -> list[JsonObject]:
    return json.loads(real_body(name))


def a_transaction(**fields: object) -> JsonObject:
    """An ENHANCED transaction in which nothing happens, but for `fields`."""
    nothing: JsonObject = {
        "type": "UNKNOWN",
        "signature": "5igNaTure1111111111",
        "slot": 300_000_000,
        "timestamp": 1_750_000_000,
        "feePayer": TRADER,
        "fee": 5000,
        "tokenTransfers": [],
        "nativeTransfers": [],
        "accountData": [],
        "transactionError": None,
        "events": {},
    }
    return nothing | fields


def a_row(mint: str, units: int, *, owner: str = TRADER, decimals: int = 6) -> JsonObject:
    """A row of tokenBalanceChanges, or of a swap event's tokenInputs and tokenOutputs."""
    return {
        "mint": mint,
        "userAccount": owner,
        "rawTokenAmount": {"tokenAmount": str(units), "decimals": decimals},
    }


def a_swap_event(**legs: object) -> JsonObject:
    """A transaction with a filled `events.swap`."""
    return a_transaction(events={"swap": legs})


def native(lamports: int) -> JsonObject:
    return {"account": TRADER, "amount": str(lamports)}


def a_transfer(mint: str, sender: str, receiver: str) -> JsonObject:
    return {"mint": mint, "fromUserAccount": sender, "toUserAccount": receiver, "tokenAmount": 1.5}


def an_account(account: str, *rows: JsonObject, lamports: int = 0) -> JsonObject:
    return {
        "account": account,
        "nativeBalanceChange": lamports,
        "tokenBalanceChanges": list(rows),
    }


def a_pool_buy(
    *,
    lamports: int = LAMPORTS_PER_SOL,
    units: int = 2_000_000,
    mint: str = MINT,
    pool: str = POOL,
    **fields: object,
) -> JsonObject:
    """The trader buys `units` of `mint` for wrapped SOL; no swap event. 0.5 SOL per token."""
    return (
        a_transaction(
            tokenTransfers=[a_transfer(SOL, TRADER, pool), a_transfer(mint, pool, TRADER)],
            accountData=[
                an_account(TRADER, lamports=-lamports - 2_044_280),  # fee and rent on top
                an_account(f"{pool}Sol", a_row(SOL, lamports, owner=pool, decimals=9)),
                an_account(f"{pool}Token", a_row(mint, -units, owner=pool)),
                an_account("traderToken", a_row(mint, units)),
            ],
        )
        | fields
    )


def a_simple_trade(**fields: object) -> JsonObject:
    """The simple form. 0.5 SOL per token."""
    return {
        "type": "SWAP",
        "accounts": [
            {"address": "vault_sol", "nativeBalanceChange": LAMPORTS_PER_SOL},
            {"address": "user", "nativeBalanceChange": -2},
        ],
        "txSignature": "5imp1e1111111111111",
        "slot": 300_000_000,
        "timestamp": 1_750_000_000,
    } | fields
