"""Builders of webhook bodies, and the real ones of tests/data."""

import json
from pathlib import Path
from typing import cast

from functions.glow.trades.movements import WRAPPED_SOL

DATA = Path(__file__).parent.parent / "data"
HELIUS = DATA / "helius"
NOW = 1_800_000_000.0  # later than every real body

TRADER, POOL, ROUTER = "Trader111", "Pool111", "Router111"
MINT, OTHER_MINT = "Mint111", "OtherMint111"
SOL = WRAPPED_SOL
LAMPORTS_PER_SOL = 10**9
FEE = 5_000
# Of a token account: until September 2026, then as SIMD-0437 lowers it step by step.
RENTS = (2_039_280, 1_855_569, 1_488_440, 754_475, 387_346, 203_928)
RENTS_2022 = (2_074_080, 1_887_234, 1_513_840, 767_350, 393_956, 207_408)
RENT = RENTS[0]

JsonObject = dict[str, object]


def real_body(name: str) -> str:
    return (HELIUS / f"{name}.json").read_text()


def real_transactions(name: str) -> list[JsonObject]:
    return json.loads(real_body(name))


def all_real_transactions() -> dict[str, JsonObject]:
    """Every ENHANCED transaction of tests/data, by file and place in it."""
    return {
        f"{path.stem}[{index}]": transaction
        for path in sorted(DATA.glob("*/*.json"))
        if path.name != "EXPECTED.json"
        for index, transaction in enumerate(json.loads(path.read_text()))
        if "accountData" in transaction
    }


def a_transaction(**fields: object) -> JsonObject:
    """An ENHANCED transaction in which nothing happens, but for `fields`."""
    nothing: JsonObject = {
        "type": "UNKNOWN",
        "signature": "5igNaTure1111111111",
        "slot": 300_000_000,
        "timestamp": 1_750_000_000,
        "feePayer": TRADER,
        "fee": FEE,
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


def a_transfer(
    mint: str, sender: str, receiver: str, units: int, *, decimals: int | None = None
) -> JsonObject:
    scale = 10 ** (decimals if decimals is not None else 9 if mint == SOL else 6)
    return {
        "mint": mint,
        "fromUserAccount": sender,
        "toUserAccount": receiver,
        "tokenAmount": units / scale,
    }


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
            tokenTransfers=[
                a_transfer(SOL, TRADER, pool, lamports),
                a_transfer(mint, pool, TRADER, units),
            ],
            accountData=[
                an_account(TRADER, lamports=-lamports - FEE - RENT),
                an_account(
                    f"{pool}Sol", a_row(SOL, lamports, owner=pool, decimals=9), lamports=lamports
                ),
                an_account(f"{pool}{mint}", a_row(mint, -units, owner=pool)),
                an_account(f"trader{mint}", a_row(mint, units), lamports=RENT),
            ],
        )
        | fields
    )


def a_curve_trade(
    *, lamports: int = LAMPORTS_PER_SOL, units: int = -2_000_000, **fields: object
) -> JsonObject:
    """The curve gains `lamports` and `units`: the trader buys. 0.5 SOL per token."""
    ends = (POOL, TRADER) if units < 0 else (TRADER, POOL)
    return (
        a_transaction(
            tokenTransfers=[a_transfer(MINT, *ends, abs(units))],
            accountData=[
                an_account(TRADER, lamports=-lamports - FEE),
                an_account(POOL, lamports=lamports),
                an_account("poolToken", a_row(MINT, units, owner=POOL)),
                an_account("traderToken", a_row(MINT, -units)),
            ],
        )
        | fields
    )


def a_first_buy(*, lamports: int = LAMPORTS_PER_SOL, rent: int = (128 + 49) * 5_080) -> JsonObject:
    """Of a coin that is made with its curve here. 0.000001 SOL per token."""
    units = 1_000 * lamports
    sent = {"fromUserAccount": TRADER, "toUserAccount": POOL}
    return a_transaction(
        tokenTransfers=[
            a_transfer(MINT, "", POOL, 10**15),
            a_transfer(MINT, POOL, TRADER, units),
        ],
        nativeTransfers=[sent | {"amount": rent}, sent | {"amount": lamports}],
        accountData=[
            an_account(TRADER, lamports=-lamports - rent - FEE),
            an_account(POOL, lamports=lamports + rent),
            an_account("poolToken", a_row(MINT, 10**15 - units, owner=POOL)),
            an_account("traderToken", a_row(MINT, units)),
        ],
    )


def a_burn() -> JsonObject:
    """The trader sells to a curve, which burns what it got. 0.5 SOL per token."""
    sale = a_curve_trade(lamports=-LAMPORTS_PER_SOL, units=2_000_000)
    rows_of(sale, "tokenTransfers").append(a_transfer(MINT, POOL, "", 2_000_000))
    sale["accountData"] = [
        account for account in rows_of(sale, "accountData") if account["account"] != "poolToken"
    ]
    return sale


def together(*transactions: JsonObject) -> JsonObject:
    """One transaction that does what all of them do, and pays one fee."""
    accounts: dict[object, JsonObject] = {}
    for transaction in transactions:
        for account in rows_of(transaction, "accountData"):
            known = accounts.setdefault(
                account["account"], an_account(cast("str", account["account"]))
            )
            known["nativeBalanceChange"] = cast("int", known["nativeBalanceChange"]) + cast(
                "int", account["nativeBalanceChange"]
            )
            rows_of(known, "tokenBalanceChanges").extend(rows_of(account, "tokenBalanceChanges"))
    payer = accounts[TRADER]
    payer["nativeBalanceChange"] = (
        cast("int", payer["nativeBalanceChange"]) + (len(transactions) - 1) * FEE
    )
    transfers = [row for one in transactions for row in rows_of(one, "tokenTransfers")]
    return transactions[0] | {"tokenTransfers": transfers, "accountData": [*accounts.values()]}


def rows_of(parent: JsonObject, key: str) -> list[JsonObject]:
    return cast("list[JsonObject]", parent[key])


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
