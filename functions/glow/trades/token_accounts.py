"""The token accounts of a RAW transaction: what they gained, and what was sent between them.

Balances say how much an account gained, instructions from whom, both to the unit. So they have to
agree: where a row or a call was cut out of a body, or is damaged, they differ.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from functions.glow.token import shown
from functions.glow.trades.instructions import Moved, Opened
from functions.glow.trades.movements import NOBODY, WRAPPED_SOL, Transfer
from functions.glow.trades.outcome import NoPrice
from functions.glow.trades.rents import WRAPPED_SOL_RENTS


@dataclass(frozen=True, slots=True)
class Holding:
    """A token account at one moment, in units of `mint`."""

    owner: str
    mint: str
    units: int


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """`units` and `lamports` before and after; units are None where it did not exist."""

    owner: str
    mint: str
    units: tuple[int | None, int | None]
    lamports: tuple[int, int]

    @property
    def gained(self) -> int:
        before, after = self.units
        return (after or 0) - (before or 0)

    @property
    def wraps_its_lamports(self) -> bool:
        """Whether its units are its lamports, but for a rent. That of another rate takes its place where
        the account is closed and opened again."""
        moments = [*zip(self.units, self.lamports, strict=True)]
        beside = {lamports - units for units, lamports in moments if units is not None}
        if None not in self.units:
            return len(beside) == 1 or beside <= WRAPPED_SOL_RENTS
        left = [lamports for units, lamports in moments if units is None]
        return not any(left) and all(0 <= rent <= max(WRAPPED_SOL_RENTS) for rent in beside)


def joined(
    before: Mapping[str, Holding],
    after: Mapping[str, Holding],
    lamports: Mapping[str, tuple[int, int]],
) -> Mapping[str, TokenAccount] | NoPrice:
    """The token accounts by address; a NoPrice where one changed hands without a transfer."""
    accounts: dict[str, TokenAccount] = {}
    for address, last in {**before, **after}.items():
        first, then = before.get(address), after.get(address)
        if first and (first.owner, first.mint) != (last.owner, last.mint):
            detail = f"token account {shown(address)} changed its owner or its mint"
            return NoPrice("witnesses_disagree", detail)
        held = (first.units if first else None, then.units if then else None)
        accounts[address] = TokenAccount(last.owner, last.mint, held, lamports[address])
    return accounts


def transfers_between(
    accounts: Mapping[str, TokenAccount],
    steps: Sequence[Opened | Moved],
    decimals: Mapping[str, int],
) -> tuple[Transfer, ...] | NoPrice:
    """What `steps` sent, by owner; a NoPrice where the body does not tell whose an account is."""
    known = {address: (account.owner, account.mint) for address, account in accounts.items()}
    found: list[Transfer] = []
    for step in steps:
        if isinstance(step, Opened):
            if step.account not in accounts:  # it is closed again by the same transaction
                known[step.account] = (step.owner, step.mint)
            continue
        ends = [known.get(end) for end in (step.source, step.destination) if end is not None]
        if None in ends:
            detail = "the body does not tell whose token account a transfer was from or to"
            return NoPrice("trimmed", detail)
        found.append(_transfer(step, known, decimals))
    return tuple(found)


def _transfer(
    step: Moved, known: Mapping[str, tuple[str, str]], decimals: Mapping[str, int]
) -> Transfer:
    nobody = (NOBODY, "")
    sender, sent = nobody if step.source is None else known[step.source]
    receiver, got = nobody if step.destination is None else known[step.destination]
    mint = sent or got
    return Transfer(sender, receiver, mint, Decimal(step.units).scaleb(-decimals.get(mint, 0)))


def objection(
    accounts: Mapping[str, TokenAccount], steps: Sequence[Opened | Moved]
) -> NoPrice | None:
    """Where balances and instructions tell different stories."""
    moved, taxed = Counter[str](), Counter[str]()
    for step in steps:
        if isinstance(step, Moved):
            if step.source is not None:
                moved[step.source] -= step.units
            if step.destination is not None:
                moved[step.destination] += step.units
                taxed[step.destination] += step.units if step.is_taxed else 0
    for address, account in accounts.items():
        if account.mint == WRAPPED_SOL:
            agrees = account.wraps_its_lamports  # SOL is also wrapped and unwrapped, without a call
        else:
            agrees = 0 <= moved[address] - account.gained <= taxed[address]
        if not agrees:
            detail = f"the instructions do not bear out what token account {shown(address)} gained"
            return NoPrice("witnesses_disagree", detail)
    return None
