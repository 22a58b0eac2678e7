"""Reads a Helius ENHANCED transaction into the common form.

Amounts come from the balance changes and the event, as whole units; `tokenTransfers` carries
floats, so it says who traded with whom, and only roughly how much. `type` and `source` are not
read: pump.fun's AMM is typed BUY or SELL, real swaps also arrive as UNKNOWN, TOKEN_MINT or TRANSFER,
and closing an order arrives as SWAP.

Enhanced bodies do not say where in its block a transaction stands; `indexWithinBlock` is read
all the same, under the name that RAW bodies use.
"""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from functions.glow.errors import BadRequest
from functions.glow.fields import Json, as_object, integer, optional_objects, text, texts
from functions.glow.trades.movements import (
    NOBODY,
    SOL_DECIMALS,
    WRAPPED_SOL,
    Call,
    Movements,
    NativeTransfer,
    SwapEvent,
    Transfer,
)

MAX_UNITS: Final = 2**64 - 1  # lamports and SPL amounts are u64
MAX_DECIMALS: Final = 255  # an SPL mint keeps its decimals in a byte


def read_enhanced(transaction: Json, *, where: str) -> Movements:
    """The movements of `transaction`. Raises BadRequest where a field that is needed is damaged."""
    reader = _Reader(where)
    reader.read_accounts(transaction)
    event = reader.event(transaction)
    return Movements(
        fee_payer=text(transaction, "feePayer", where=where),
        fee=_optional_units(transaction, "fee", where=where) or 0,
        lamports=reader.lamports,
        tokens=reader.tokens,
        decimals=reader.decimals,
        rents=reader.rents,
        transfers=tuple(_transfers(transaction, where=where)),
        native_transfers=tuple(_native_transfers(transaction, where=where)),
        event=event,
        calls=tuple(_calls(transaction, where=where)),
        owner_of=reader.owner_of,
        index_in_block=_optional_units(transaction, "indexWithinBlock", where=where),
    )


class _Reader:
    """Gathers what the rows of a transaction say, by owner."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.lamports: dict[str, int] = {}
        self.tokens: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.decimals: dict[str, int] = {WRAPPED_SOL: SOL_DECIMALS}
        self.rents: defaultdict[str, int] = defaultdict(int)
        self.owner_of: dict[str, str] = {}

    def read_accounts(self, transaction: Json) -> None:
        accounts = optional_objects(transaction, "accountData", where=self.where)
        for index, account in enumerate(accounts):
            where = f"{self.where}.accountData[{index}]"
            address = text(account, "account", where=where)
            lamports = _units(account, "nativeBalanceChange", where=where)
            if address in self.lamports:
                raise BadRequest(f"{where}.account is in another row, too: which one is right?")
            self.lamports[address] = lamports
            for row in optional_objects(account, "tokenBalanceChanges", where=where):
                self._read_row(row, address, lamports, where=f"{where}.tokenBalanceChanges")

    def _read_row(self, row: Json, address: str, lamports: int, *, where: str) -> None:
        mint, units = self._amount(row, where=where)
        owner = text(row, "userAccount", where=where)
        self.tokens[owner][mint] += units
        if owner != address:
            self.owner_of[address] = owner
            self.rents[owner] += lamports - (units if mint == WRAPPED_SOL else 0)

    def event(self, transaction: Json) -> SwapEvent | None:
        """The swap event; None where Helius left it, or a side of it, empty."""
        events = _optional_object(transaction, "events", where=self.where)
        swap = _optional_object(events, "swap", where=f"{self.where}.events")
        given = self._side(swap, "nativeInput", "tokenInputs")
        taken = self._side(swap, "nativeOutput", "tokenOutputs")
        return SwapEvent(given, taken) if given and taken else None

    def _side(self, swap: Json, native_key: str, tokens_key: str) -> dict[str, int]:
        where = f"{self.where}.events.swap"
        side: defaultdict[str, int] = defaultdict(int)
        native = _optional_object(swap, native_key, where=where)
        if native:
            side[WRAPPED_SOL] = _units(native, "amount", where=f"{where}.{native_key}")
        for index, row in enumerate(optional_objects(swap, tokens_key, where=where)):
            mint, units = self._amount(row, where=f"{where}.{tokens_key}[{index}]")
            side[mint] += units
        return side

    def _amount(self, row: Json, *, where: str) -> tuple[str, int]:
        """The mint of `row` and its units."""
        path = f"{where}.rawTokenAmount"
        raw = as_object(row.get("rawTokenAmount"), where=path)
        decimals = integer(raw, "decimals", where=path)
        mint = text(row, "mint", where=where)
        if not 0 <= decimals <= MAX_DECIMALS:
            raise BadRequest(f"{path}.decimals must be a whole number from 0 to {MAX_DECIMALS}")
        if self.decimals.setdefault(mint, decimals) != decimals:
            raise BadRequest(f"{path}.decimals differ from those of another row of {mint}")
        return mint, _units(raw, "tokenAmount", where=path)


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
            lamports=_units(row, "amount", where=path),
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


def _optional_units(parent: Json, key: str, *, where: str) -> int | None:
    return None if parent.get(key) is None else _units(parent, key, where=where)


def _units(parent: Json, key: str, *, where: str) -> int:
    units = integer(parent, key, where=where)
    if abs(units) > MAX_UNITS:
        raise BadRequest(f"{where}.{key} must fit 64 bits, as amounts do on Solana")
    return units
