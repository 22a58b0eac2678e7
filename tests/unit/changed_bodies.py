"""Real transactions, changed in ways that leave what was traded as it is."""

import copy
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import cast

from tests.unit.bodies import RENTS, RENTS_2022, JsonObject, an_account

Change = Callable[[JsonObject, Random], JsonObject]


def rows(parent: JsonObject, key: str) -> list[JsonObject]:
    """The rows in `parent[key]`, to be changed in place."""
    if parent.get(key) is None:
        parent[key] = []
    return cast("list[JsonObject]", parent[key])


def balance_rows(transaction: JsonObject) -> list[JsonObject]:
    accounts = rows(transaction, "accountData")
    return [row for account in accounts for row in rows(account, "tokenBalanceChanges")]


def pay(transaction: JsonObject, lamports: int) -> None:
    """Take `lamports` from the fee payer, if the body shows it."""
    for account in rows(transaction, "accountData"):
        if account["account"] == transaction["feePayer"]:
            account["nativeBalanceChange"] = cast("int", account["nativeBalanceChange"]) - lamports


def give(transaction: JsonObject, account: str, lamports: int) -> None:
    pay(transaction, lamports)
    rows(transaction, "accountData").append(an_account(account, lamports=lamports))
    sent = {
        "fromUserAccount": transaction["feePayer"],
        "toUserAccount": account,
        "amount": lamports,
    }
    rows(transaction, "nativeTransfers").append(sent)


def with_a_higher_fee(transaction: JsonObject, random: Random) -> JsonObject:
    more = random.randrange(1, 50_000_000)
    pay(transaction, more)
    return transaction | {"fee": cast("int", transaction.get("fee", 0)) + more}


def with_a_tip(transaction: JsonObject, random: Random) -> JsonObject:
    give(transaction, f"Tip{random.random()}", random.randrange(1_000, 50_000_000))
    return transaction


def with_rent_rows(transaction: JsonObject, random: Random) -> JsonObject:
    for _ in range(random.randrange(1, 4)):
        give(transaction, f"Opened{random.random()}", random.choice((*RENTS, *RENTS_2022)))
    return transaction


def with_rents_of(rate: int) -> Change:
    """The accounts that are opened here hold `rate` lamports a byte, in place of 6,960."""

    def change(transaction: JsonObject, _: Random) -> JsonObject:
        less: Counter[str] = Counter()
        for sent in rows(transaction, "nativeTransfers"):
            size, rest = divmod(cast("int", sent["amount"]), 6_960)
            if not rest and 128 <= size < 2_176:
                saved = size * (6_960 - rate)
                sent["amount"] = size * rate
                less[cast("str", sent["toUserAccount"])] += saved
                less[cast("str", sent["fromUserAccount"])] -= saved
        for account in rows(transaction, "accountData"):
            lamports = cast("int", account["nativeBalanceChange"])
            account["nativeBalanceChange"] = lamports - less[cast("str", account["account"])]
        return transaction

    return change


def with_shuffled_rows(transaction: JsonObject, random: Random) -> JsonObject:
    for key in ("accountData", "tokenTransfers", "nativeTransfers"):
        random.shuffle(rows(transaction, key))
    return transaction


def with_a_relayer(transaction: JsonObject, random: Random) -> JsonObject:
    """Somebody else pays the fee."""
    fee, relayer = cast("int", transaction.get("fee", 0)), f"Relayer{random.random()}"
    pay(transaction, -fee)
    rows(transaction, "accountData").append(an_account(relayer, lamports=-fee))
    return transaction | {"feePayer": relayer}


def with_split_pools(transaction: JsonObject, random: Random) -> JsonObject:
    """Every account that is not the fee payer's becomes two, which moved a part each."""
    parts, twin = random.randrange(2, 5), f"Twin{random.random()}"
    owners = {cast("str", row["userAccount"]) for row in balance_rows(transaction)}
    owners -= {cast("str", transaction["feePayer"]), ""}

    def split(row: JsonObject, key: str, *ends: str) -> list[JsonObject]:
        whole = row[key]
        units = int(cast("str", whole))
        first = units // parts
        halves = [first, units - first]
        return [
            row
            | {key: str(half) if isinstance(whole, str) else half}
            | {end: f"{row[end]}{twin}" for end in ends if n and row[end] in owners}
            for n, half in enumerate(halves)
        ]

    for account in rows(transaction, "accountData"):
        changed: list[JsonObject] = []
        for row in rows(account, "tokenBalanceChanges"):
            raw = cast("JsonObject", row["rawTokenAmount"])
            for n, half in enumerate(split(raw, "tokenAmount")):
                owner = row["userAccount"]
                half_owner = f"{owner}{twin}" if n and owner in owners else owner
                changed.append(row | {"rawTokenAmount": half, "userAccount": half_owner})
        account["tokenBalanceChanges"] = changed
    transaction["accountData"] = [
        part
        for account in rows(transaction, "accountData")
        for part in (
            split(account, "nativeBalanceChange", "account")
            if account["account"] in owners
            else [account]
        )
    ]
    transaction["tokenTransfers"] = [
        part
        for row in rows(transaction, "tokenTransfers")
        for part in (
            row | {"tokenAmount": cast("float", row["tokenAmount"]) / parts},
            row
            | {"tokenAmount": cast("float", row["tokenAmount"]) * (parts - 1) / parts}
            | {
                end: f"{row[end]}{twin}"
                for end in ("fromUserAccount", "toUserAccount")
                if row[end] in owners
            },
        )
    ]
    transaction["nativeTransfers"] = [
        part
        for row in rows(transaction, "nativeTransfers")
        for part in (
            split(row, "amount", "toUserAccount") if row["toUserAccount"] in owners else [row]
        )
    ]
    return transaction


def mirrored(transaction: JsonObject, _: Random) -> JsonObject:
    """What was gained is lost and the other way round; the fee is still paid."""
    for account in rows(transaction, "accountData"):
        change = -cast("int", account["nativeBalanceChange"])
        if account["account"] == transaction["feePayer"]:
            change -= 2 * cast("int", transaction.get("fee", 0))
        account["nativeBalanceChange"] = change
    for row in balance_rows(transaction):
        raw = cast("JsonObject", row["rawTokenAmount"])
        raw["tokenAmount"] = str(-int(cast("str", raw["tokenAmount"])))
    for key in ("tokenTransfers", "nativeTransfers"):
        for row in rows(transaction, key):
            ends = row["fromUserAccount"], row["toUserAccount"]
            row["toUserAccount"], row["fromUserAccount"] = ends
    events = cast("JsonObject", transaction.get("events") or {})
    swap = cast("JsonObject", events.get("swap") or {})
    if swap:
        swap["nativeInput"], swap["nativeOutput"] = swap["nativeOutput"], swap["nativeInput"]
        swap["tokenInputs"], swap["tokenOutputs"] = swap["tokenOutputs"], swap["tokenInputs"]
    return transaction


def without_its_event(transaction: JsonObject, _: Random) -> JsonObject:
    transaction["events"] = {}
    return transaction


def with_wrapped_sol_of_the_fee_in_the_event(transaction: JsonObject, _: Random) -> JsonObject:
    """The event tells a fee as the SOL of the swap, as Jupiter's does for SOL wrapped before."""
    events = cast("JsonObject", transaction.get("events") or {})
    swap = cast("JsonObject", events.get("swap") or {})
    native = cast("JsonObject", swap.get("nativeInput") or swap.get("nativeOutput") or {})
    if native:
        native["amount"] = str(int(cast("str", native["amount"])) // 4008)
    return transaction


def changed(transaction: JsonObject, change: Change, seed: int) -> JsonObject:
    return change(copy.deepcopy(transaction), Random(seed))  # noqa: S311  no secret
