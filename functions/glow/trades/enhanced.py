"""Reads a Helius ENHANCED transaction into the common form.

Amounts come from the balance changes and the event, as whole units; `tokenTransfers` carries
floats, so it says who traded with whom, and only roughly how much. `type` and `source` are not
read: pump.fun's AMM is typed BUY or SELL, real swaps also arrive as UNKNOWN, TOKEN_MINT or TRANSFER,
and closing an order arrives as SWAP.

They do not say where in its block a transaction stands; `indexWithinBlock` is read all the same,
under the name that RAW bodies use.
"""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from functions.glow.errors import BadRequest
from functions.glow.fields import Json, as_object, optional_objects, text, texts
from functions.glow.trades.balances import MAX_UNITS, Balances, optional_units, units
from functions.glow.trades.movements import (
    NOBODY,
    WRAPPED_SOL,
    Call,
    Movements,
    NativeTransfer,
    SwapEvent,
    Transfer,
)


def read_enhanced(transaction: Json, *, where: str) -> Movements:
    """The movements of `transaction`. Raises BadRequest where a field that is needed is damaged."""
    balances = Balances()
    _read_accounts(transaction, balances, where=where)
    event = _event(transaction, balances, where=where)
    return Movements(
        fee_payer=text(transaction, "feePayer", where=where),
        fee=optional_units(transaction, "fee", where=where) or 0,
        lamports=balances.lamports,
        tokens=balances.tokens,
        decimals=balances.decimals,
        rents=balances.rents,
        transfers=tuple(_transfers(transaction, where=where)),
        native_transfers=tuple(_native_transfers(transaction, where=where)),
        event=event,
        calls=tuple(_calls(transaction, where=where)),
        owner_of=balances.owner_of,
        index_in_block=optional_units(transaction, "indexWithinBlock", where=where),
    )


def _read_accounts(transaction: Json, balances: Balances, *, where: str) -> None:
    for index, account in enumerate(optional_objects(transaction, "accountData", where=where)):
        path = f"{where}.accountData[{index}]"
        address = text(account, "account", where=path)
        lamports = units(account, "nativeBalanceChange", where=path)
        if address in balances.lamports:
            raise BadRequest(f"{path}.account is in another row, too: which one is right?")
        balances.add_account(address, lamports)
        for row in optional_objects(account, "tokenBalanceChanges", where=path):
            mint, change = _amount(row, balances, where=f"{path}.tokenBalanceChanges")
            owner = text(row, "userAccount", where=f"{path}.tokenBalanceChanges")
            balances.add_tokens(address, owner, mint, change)


def _event(transaction: Json, balances: Balances, *, where: str) -> SwapEvent | None:
    """The swap event; None where Helius left it, or a side of it, empty."""
    events = _optional_object(transaction, "events", where=where)
    swap = _optional_object(events, "swap", where=f"{where}.events")
    path = f"{where}.events.swap"
    given = _side(swap, "nativeInput", "tokenInputs", balances, where=path)
    taken = _side(swap, "nativeOutput", "tokenOutputs", balances, where=path)
    return SwapEvent(given, taken) if given and taken else None


def _side(
    swap: Json, native_key: str, tokens_key: str, balances: Balances, *, where: str
) -> dict[str, int]:
    side: defaultdict[str, int] = defaultdict(int)
    native = _optional_object(swap, native_key, where=where)
    if native:
        side[WRAPPED_SOL] = units(native, "amount", where=f"{where}.{native_key}")
    for index, row in enumerate(optional_objects(swap, tokens_key, where=where)):
        mint, amount = _amount(row, balances, where=f"{where}.{tokens_key}[{index}]")
        side[mint] += amount
    return side


def _amount(row: Json, balances: Balances, *, where: str) -> tuple[str, int]:
    return balances.amount(row, "rawTokenAmount", "tokenAmount", where=where)


def _transfers(transaction: Json, *, where: str) -> Iterator[Transfer]:
    for index, row in enumerate(optional_objects(transaction, "tokenTransfers", where=where)):
        path = f"{where}.tokenTransfers[{index}]"
        yield Transfer(
            sender=_owner(row, "fromUserAccount", where=path),
            receiver=_owner(row, "toUserAccount", where=path),
            mint=text(row, "mint", where=path),
            amount=_optional_amount(row, "tokenAmount", where=path),
        )


def _native_transfers(transaction: Json, *, where: str) -> Iterator[NativeTransfer]:
    for index, row in enumerate(optional_objects(transaction, "nativeTransfers", where=where)):
        path = f"{where}.nativeTransfers[{index}]"
        yield NativeTransfer(
            sender=_owner(row, "fromUserAccount", where=path),
            receiver=_owner(row, "toUserAccount", where=path),
            lamports=units(row, "amount", where=path),
        )


def _calls(transaction: Json, *, where: str) -> Iterator[Call]:
    """The instructions, each before those that it made in turn."""
    for index, outer in enumerate(optional_objects(transaction, "instructions", where=where)):
        path = f"{where}.instructions[{index}]"
        yield _call(outer, where=path)
        for inner in optional_objects(outer, "innerInstructions", where=path):
            yield _call(inner, where=f"{path}.innerInstructions")


def _call(instruction: Json, *, where: str) -> Call:
    accounts = texts(instruction, "accounts", where=where)
    return Call(text(instruction, "programId", where=where), accounts)


def _optional_object(parent: Json, key: str, *, where: str) -> Json:
    """`parent[key]`; empty where Helius leaves it out or null, or a relay wrote [] for {}."""
    value = parent.get(key)
    return {} if value is None or value == [] else as_object(value, where=f"{where}.{key}")


def _owner(row: Json, key: str, *, where: str) -> str:
    """The account in `row[key]`; Helius writes "" or null where there is none."""
    return NOBODY if row.get(key) is None else text(row, key, where=where)


def _optional_amount(row: Json, key: str, *, where: str) -> Decimal | None:
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and 0 <= value <= MAX_UNITS:
        return Decimal(value)
    raise BadRequest(f"{where}.{key} must be a number of tokens from 0 to {MAX_UNITS}")
