"""What instructions of the system program and of the token programs move.

Layouts: `SystemInstruction` of solana-system-interface, `TokenInstruction` of spl-token-interface
and spl-token-2022-interface. An instruction that moves nothing is passed over. One that breaks its
layout would have failed on the chain, so its body is damaged.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from functions.glow.errors import BadRequest
from functions.glow.trades import base58
from functions.glow.trades.movements import NativeTransfer
from functions.glow.trades.programs import SYSTEM, TOKEN, TOKEN_2022

# Token instructions by the bytes that they begin with: which of their accounts are source and
# destination. The amount follows.
_MOVES: Final[Mapping[bytes, tuple[int | None, int | None]]] = {
    b"\x03": (0, 1),  # Transfer
    b"\x0c": (0, 2),  # TransferChecked; account 1 is the mint
    b"\x1a\x01": (0, 2),  # TransferCheckedWithFee
    b"\x07": (None, 1),  # MintTo; account 0 is the mint
    b"\x0e": (None, 1),  # MintToChecked
    b"\x08": (0, None),  # Burn
    b"\x0f": (0, None),  # BurnChecked
}
_OPENS_FOR_ACCOUNT: Final = b"\x01"  # InitializeAccount; account 2 is the owner
_OPENS_FOR_DATA: Final = (b"\x10", b"\x12")  # InitializeAccount2 and 3; the owner follows
_BATCH: Final = b"\xff"  # of p-token (SIMD-0266): instructions in one, none of them a batch
# System instructions by number: which of their accounts send and receive, and where the amount is.
_SENDS: Final[Mapping[int, tuple[int, int]]] = {
    0: (0, 1),  # CreateAccount
    2: (0, 1),  # Transfer
    3: (0, 1),  # CreateAccountWithSeed; the amount stands behind base and seed
    5: (0, 1),  # WithdrawNonceAccount
    11: (0, 2),  # TransferWithSeed; account 1 is the base
}
_CREATE_WITH_SEED: Final = 3
_NUMBER, _U64, _ADDRESS = 4, 8, 32  # their lengths in bytes


@dataclass(frozen=True, slots=True)
class Instruction:
    """A call of `program` with `accounts` and, in base58, `data`; `where` it stands in the body."""

    program: str
    accounts: Sequence[str]
    data: str
    where: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A token account came to be."""

    account: str
    mint: str
    owner: str


@dataclass(frozen=True, slots=True)
class Moved:
    """`units` went from one token account to another; None on one side: minted or burned.

    `is_taxed`: Token-2022 may keep a part of it from the destination, as a fee of the mint.
    """

    source: str | None
    destination: str | None
    units: int
    is_taxed: bool


def token_steps(instruction: Instruction) -> Iterator[Opened | Moved]:
    """What `instruction` does to token accounts, in order."""
    if instruction.program in (TOKEN, TOKEN_2022):
        layout = _Layout.of(instruction)
        batch = layout.data.startswith(_BATCH) and instruction.program == TOKEN
        for part in layout.parts() if batch else (layout,):
            yield from _steps(part, is_taxed=instruction.program == TOKEN_2022)


def native_transfer(instruction: Instruction) -> NativeTransfer | None:
    """The lamports that `instruction` sends; None where it is no such instruction."""
    if instruction.program != SYSTEM:
        return None
    layout = _Layout.of(instruction)
    number = int.from_bytes(layout.bytes(0, _NUMBER), "little")
    if number not in _SENDS:
        return None
    start = _NUMBER
    if number == _CREATE_WITH_SEED:
        start += _ADDRESS
        start += _U64 + layout.u64(start)
    sender, receiver = (layout.account(end) for end in _SENDS[number])
    return NativeTransfer(sender, receiver, layout.u64(start))


def _steps(layout: "_Layout", *, is_taxed: bool) -> Iterator[Opened | Moved]:
    for prefix, ends in _MOVES.items():
        if layout.data.startswith(prefix):
            source, destination = (None if end is None else layout.account(end) for end in ends)
            yield Moved(source, destination, layout.u64(len(prefix)), is_taxed)
    if layout.data.startswith(_OPENS_FOR_ACCOUNT):
        yield Opened(layout.account(0), layout.account(1), layout.account(2))
    elif layout.data.startswith(_OPENS_FOR_DATA):
        owner = base58.encode(layout.bytes(1, _ADDRESS))
        yield Opened(layout.account(0), layout.account(1), owner)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Accounts and data of an instruction. Raises BadRequest for what is not there."""

    accounts: Sequence[str]
    data: bytes
    where: str

    @classmethod
    def of(cls, instruction: Instruction) -> "_Layout":
        where = instruction.where
        data = base58.decode(instruction.data, where=f"{where}.data")
        return cls(instruction.accounts, data, where)

    def parts(self) -> Iterator["_Layout"]:
        """Those of a batch: each has a byte with its number of accounts, one with its length."""
        accounts, start = self.accounts, 1
        while start < len(self.data):
            count, length = self.bytes(start, 2)
            if count > len(accounts):
                raise BadRequest(f"{self.where}.accounts are too few for its data")
            yield replace(self, accounts=accounts[:count], data=self.bytes(start + 2, length))
            accounts, start = accounts[count:], start + 2 + length

    def account(self, index: int) -> str:
        if index < len(self.accounts):
            return self.accounts[index]
        raise BadRequest(f"{self.where}.accounts are too few for its data")

    def u64(self, start: int) -> int:
        return int.from_bytes(self.bytes(start, _U64), "little")

    def bytes(self, start: int, length: int) -> bytes:
        found = self.data[start : start + length]
        if len(found) < length:
            raise BadRequest(f"{self.where}.data is cut short")
        return found
