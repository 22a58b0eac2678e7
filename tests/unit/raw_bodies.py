"""RAW forms of ENHANCED transactions, made from the same facts by a way of their own.

ENHANCED tells changes, RAW amounts before and after: they are made up, as small as they can be.
Instructions stay as they are. Where the body has none, they are made from its transfers, inside a
call of a program that nobody knows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, cast

from tests.unit.bodies import RENT, SOL, JsonObject, rows_of

Version = Literal["legacy", 0, 1]

SYSTEM = "11111111111111111111111111111111"
TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
UNKNOWN_SWAP = "Swap111"
OTHERS = "Others111"  # holds the lamports of accounts that a body leaves out
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
OPENS_FOR_OWNER_IN_DATA = (16, 18)  # InitializeAccount2 and 3
OPENS_ACCOUNT = (1, *OPENS_FOR_OWNER_IN_DATA)


def base58(data: bytes) -> str:
    number, text = int.from_bytes(data, "big"), ""
    while number:
        text, number = BASE58[number % 58] + text, number // 58
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def bytes_of(text: str) -> bytes:
    number = sum(BASE58.index(one) * 58**place for place, one in enumerate(reversed(text)))
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def u64(units: int) -> bytes:
    return units.to_bytes(8, "little")


@dataclass(frozen=True)
class Call:
    program: str
    accounts: list[str]
    data: bytes = b""
    inner: "tuple[Call, ...]" = ()

    @property
    def keys(self) -> list[str]:
        return [*self.accounts, self.program, *(key for call in self.inner for key in call.keys)]

    def compiled(self, keys: list[str]) -> JsonObject:
        return {
            "programIdIndex": keys.index(self.program),
            "accounts": [keys.index(account) for account in self.accounts],
            "data": base58(self.data),
            "stackHeight": None,
        }


@dataclass(frozen=True)
class Holder:
    """A token account: what it had before and after, None where it did not exist."""

    owner: str
    mint: str
    before: int | None
    after: int | None


def raw(enhanced: JsonObject, *, version: Version = 0) -> JsonObject:
    """`enhanced` as a RAW webhook tells it. In version 0 half of the accounts are loaded."""
    calls = [*_calls(enhanced)] or [*_made_up_calls(enhanced)]
    lamports = _lamports(enhanced)
    missing = cast("int", enhanced["fee"]) + sum(lamports.values())
    lamports |= {OTHERS: -missing} if missing else {}
    holders = _holders(enhanced, calls)
    named = [key for call in calls for key in call.keys]
    keys = [*dict.fromkeys([cast("str", enhanced["feePayer"]), *lamports, *holders, *named])]
    before = {key: _lamports_before(lamports.get(key, 0), holders.get(key)) for key in keys}
    static = len(keys) // 2 if version == 0 else len(keys)
    writable = static + len(keys) // 4
    decimals = _decimals(enhanced)
    return {
        "blockTime": enhanced["timestamp"],
        "indexWithinBlock": 7,
        "slot": enhanced["slot"],
        "version": version,
        "meta": {
            "err": None,
            "fee": enhanced["fee"],
            "preBalances": [before[key] for key in keys],
            "postBalances": [before[key] + lamports.get(key, 0) for key in keys],
            "preTokenBalances": [
                _row(keys.index(key), holder, holder.before, decimals)
                for key, holder in holders.items()
                if holder.before is not None
            ],
            "postTokenBalances": [
                _row(keys.index(key), holder, holder.after, decimals)
                for key, holder in holders.items()
                if holder.after is not None
            ],
            "innerInstructions": [
                {"index": index, "instructions": [inner.compiled(keys) for inner in call.inner]}
                for index, call in enumerate(calls)
                if call.inner
            ],
            "loadedAddresses": {"writable": keys[static:writable], "readonly": keys[writable:]}
            if version == 0
            else {"writable": [], "readonly": []},
            "logMessages": [],
            "rewards": [],
        },
        "transaction": {
            "message": {
                "accountKeys": keys[:static],
                "instructions": [call.compiled(keys) for call in calls],
            },
            "signatures": [enhanced["signature"]],
        },
    }


def _calls(enhanced: JsonObject) -> Iterator[Call]:
    owners = {
        account: owner
        for row, accounts in _token_transfers(enhanced)
        for account, owner in zip(accounts, _ends(row), strict=True)
    }
    for row in cast("list[JsonObject]", enhanced.get("instructions") or []):
        inner = cast("list[JsonObject]", row.get("innerInstructions") or [])
        yield _call(row, owners, tuple(_call(each, owners) for each in inner))


def _call(row: JsonObject, owners: dict[str, str], inner: tuple[Call, ...] = ()) -> Call:
    program, accounts = cast("str", row["programId"]), cast("list[str]", row["accounts"])
    data = bytes_of(cast("str", row["data"]))
    if program == TOKEN and data[0] in OPENS_FOR_OWNER_IN_DATA and accounts[0] in owners:
        # Wallets of these bodies are made up, but the data still names the real one.
        data = data[:1] + bytes_of(owners[accounts[0]])
    return Call(program, accounts, data, inner)


def _made_up_calls(enhanced: JsonObject) -> Iterator[Call]:
    inner = [
        Call(SYSTEM, [*_ends(row)], (2).to_bytes(4, "little") + u64(cast("int", row["amount"])))
        for row in cast("list[JsonObject]", enhanced.get("nativeTransfers") or [])
    ]
    decimals = _decimals(enhanced)
    for row, (source, destination) in _token_transfers(enhanced):
        mint = cast("str", row["mint"])
        amount = Decimal(str(row["tokenAmount"])).scaleb(decimals.get(mint, 0))
        units = u64(int(amount.to_integral_value()))
        if not source:
            inner.append(Call(TOKEN, [mint, destination, "Authority"], b"\x07" + units))
        elif not destination:
            inner.append(Call(TOKEN, [source, mint, "Authority"], b"\x08" + units))
        else:
            inner.append(Call(TOKEN, [source, destination, "Authority"], b"\x03" + units))
    yield Call(UNKNOWN_SWAP, [], b"\x01", tuple(inner))


def _ends(row: JsonObject) -> tuple[str, str]:
    return cast("str", row["fromUserAccount"] or ""), cast("str", row["toUserAccount"] or "")


def _token_transfers(enhanced: JsonObject) -> Iterator[tuple[JsonObject, tuple[str, str]]]:
    """Each transfer with its token accounts; where the body leaves them out, by owner and mint."""
    known = {
        (row["userAccount"], row["mint"]): cast("str", account["account"])
        for account in rows_of(enhanced, "accountData")
        for row in rows_of(account, "tokenBalanceChanges")
    }
    for row in rows_of(enhanced, "tokenTransfers"):
        source, destination = (
            cast("str", row.get(key) or "")
            or (owner and known.get((owner, row["mint"]), f"{owner}{row['mint']}"))
            for key, owner in zip(("fromTokenAccount", "toTokenAccount"), _ends(row), strict=True)
        )
        yield row, (source, destination)


def _holders(enhanced: JsonObject, calls: list[Call]) -> dict[str, Holder]:
    """Token accounts that gained or lost, and those that only passed something on.

    One that the calls open and that is left with nothing was closed again: no row tells of it.
    """
    lamports = _lamports(enhanced)
    holders: dict[str, Holder] = {}
    for account in rows_of(enhanced, "accountData"):
        for row in rows_of(account, "tokenBalanceChanges"):
            gained = int(cast("str", cast("JsonObject", row["rawTokenAmount"])["tokenAmount"]))
            owner, mint = cast("str", row["userAccount"]), cast("str", row["mint"])
            address = cast("str", account["account"])
            rent = lamports[address] - (gained if mint == SOL else 0)
            holders[address] = _holder(owner, mint, gained, rent)
    opened = {
        call.accounts[0]
        for outer in calls
        for call in (outer, *outer.inner)
        if call.program.startswith("Token") and call.data[0] in OPENS_ACCOUNT
    }
    for row, accounts in _token_transfers(enhanced):
        for address, owner in zip(accounts, _ends(row), strict=True):
            if address and address not in opened | holders.keys():
                rent = lamports.get(address, 0)
                holders[address] = _holder(owner, cast("str", row["mint"]), 0, rent)
    return holders


def _holder(owner: str, mint: str, gained: int, rent: int) -> Holder:
    """Who got the rent of an account tells whether it was opened or closed."""
    before = None if rent > 0 else max(0, -gained)
    after = None if rent < 0 else max(0, gained)
    return Holder(owner, mint, before, after)


def _lamports_before(change: int, holder: Holder | None) -> int:
    if holder is None:
        return max(0, -change)
    if holder.before is None:
        return 0
    return RENT + holder.before if holder.mint == SOL else max(RENT, -change)


def _lamports(enhanced: JsonObject) -> dict[str, int]:
    return {
        cast("str", row["account"]): cast("int", row["nativeBalanceChange"])
        for row in rows_of(enhanced, "accountData")
    }


def _decimals(enhanced: JsonObject) -> dict[str, int]:
    return {
        cast("str", row["mint"]): cast("int", cast("JsonObject", row["rawTokenAmount"])["decimals"])
        for account in rows_of(enhanced, "accountData")
        for row in rows_of(account, "tokenBalanceChanges")
    } | {SOL: 9}


def _row(index: int, holder: Holder, units: int | None, decimals: dict[str, int]) -> JsonObject:
    return {
        "accountIndex": index,
        "mint": holder.mint,
        "owner": holder.owner,
        "programId": TOKEN,
        "uiTokenAmount": {"amount": str(units), "decimals": decimals.get(holder.mint, 6)},
    }
