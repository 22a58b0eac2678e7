"""The common form of a transaction: what it moved, whatever body told it.

A reader of a body (enhanced.py, raw.py) fills it, price.py prices it. Everything is whole units:
lamports, and raw units of a mint. SOL that is wrapped stands under WRAPPED_SOL beside other mints.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

WRAPPED_SOL: Final = "So11111111111111111111111111111111111111112"
SOL_DECIMALS: Final = 9
LAMPORTS_PER_SOL: Final = 10**SOL_DECIMALS
NOBODY: Final = ""  # the other side where tokens are minted or burned


@dataclass(frozen=True, slots=True)
class Transfer:
    """`amount` of `mint` in tokens; None where the body leaves it out."""

    sender: str
    receiver: str
    mint: str
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class NativeTransfer:
    sender: str
    receiver: str
    lamports: int


@dataclass(frozen=True, slots=True)
class SwapEvent:
    """What an indexer took for the swap: units `given` by the trader and `taken`, by mint."""

    given: Mapping[str, int]
    taken: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of `program` with the accounts that it was handed."""

    program: str
    accounts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Movements:
    """Net changes and transfers of one transaction that did not fail.

    `lamports` by account; `tokens` in units by owner, then mint; `rents` by owner are the lamports
    that its token accounts hold more or less, beside wrapped SOL. `calls` are empty where the body
    does not tell them; `owner_of` a token account. `index_in_block` is the place among the
    transactions of the slot, where the body says it.
    """

    fee_payer: str
    fee: int
    lamports: Mapping[str, int]
    tokens: Mapping[str, Mapping[str, int]]
    decimals: Mapping[str, int]
    rents: Mapping[str, int]
    transfers: tuple[Transfer, ...]
    native_transfers: tuple[NativeTransfer, ...]
    event: SwapEvent | None
    calls: tuple[Call, ...]
    owner_of: Mapping[str, str]
    index_in_block: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all accounts are there: then nothing but the fee is missing from the sum."""
        return bool(self.lamports) and sum(self.lamports.values()) == -self.fee

    def units(self, amount: Decimal, mint: str) -> int:
        return int(amount.scaleb(self.decimals.get(mint, 0)).to_integral_value())

    def owners_handed_to(self, programs: frozenset[str]) -> frozenset[str]:
        return frozenset(
            self.owner_of.get(account, account)
            for call in self.calls
            if call.program in programs
            for account in call.accounts
        )
