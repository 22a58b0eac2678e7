"""Who exchanged what in a transaction: the accounts, what each gained and lost, and their parts.

Minted and burned tokens are not exchanged; fee, rent and a mint's own creation are no payments.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from functions.glow.trades.movements import NOBODY, WRAPPED_SOL, Movements
from functions.glow.trades.programs import LENDING, ORDERS, PLAIN
from functions.glow.trades.rents import is_curve_rent, is_token_account_rent


@dataclass(frozen=True, slots=True)
class Party:
    """An owner with what it exchanged: `lamports` of SOL and `tokens` in units by mint, + gained.

    `holds_wrapped`: its SOL is wrapped, as a pool's; else it is its lamports, as a curve's and a
    wallet's. `wraps`: it moved wrapped SOL and kept none, as a wallet does for a swap.
    `has_unknown_rent`: it was created here, and its lamports hold rent that cannot be told.
    """

    owner: str
    lamports: int
    tokens: Mapping[str, int]
    holds_wrapped: bool
    wraps: bool
    has_unknown_rent: bool

    def exchanged(self, mint: str) -> bool:
        """Whether it gave SOL for `mint` or `mint` for SOL, and nothing else."""
        return [*self.tokens] == [mint] and self.lamports * self.tokens[mint] < 0

    @property
    def exchanged_tokens(self) -> bool:
        """Whether it gave a token for another."""
        return len(self.tokens) > 1 and min(self.tokens.values()) < 0 < max(self.tokens.values())


@dataclass(frozen=True, slots=True)
class Parties:
    """`liquidity` may be pools; traders, whoever signed for them, and lenders are apart."""

    payer: Party
    customers: Sequence[Party]
    lenders: Sequence[Party]
    liquidity: Sequence[Party]
    native_senders: frozenset[str]

    @property
    def all(self) -> Sequence[Party]:
        return (self.payer, *self.customers, *self.lenders, *self.liquidity)


def parties_of(movements: Movements) -> Parties:
    changes = _exchanged_tokens(movements)
    moved_wrapped = {
        owner
        for transfer in movements.transfers
        if transfer.mint == WRAPPED_SOL
        for owner in (transfer.sender, transfer.receiver)
    }
    owners = {*changes, movements.fee_payer} - {NOBODY}
    parties = {
        owner: _party(owner, changes.get(owner, {}), owner in moved_wrapped, movements)
        for owner in owners
    }
    payer = parties.pop(movements.fee_payer, None)
    lenders = _lenders(movements, owners)
    customers = movements.owners_handed_to(ORDERS) - lenders
    ordered = [parties[owner] for owner in sorted(parties)]
    return Parties(
        payer=payer or Party(movements.fee_payer, 0, {}, False, False, False),
        customers=[party for party in ordered if party.owner in customers],
        lenders=[party for party in ordered if party.owner in lenders],
        liquidity=[party for party in ordered if party.owner not in customers | lenders],
        native_senders=frozenset(transfer.sender for transfer in movements.native_transfers),
    )


def _lenders(movements: Movements, owners: Set[str]) -> frozenset[str]:
    """Whoever a lending program was handed; and, beside one, whoever no other program was."""
    called = {call.program for call in movements.calls}
    if not called & LENDING:
        return frozenset()
    others = movements.owners_handed_to(frozenset(called - LENDING - ORDERS - PLAIN))
    return movements.owners_handed_to(LENDING) | (owners - others)


def _party(
    owner: str, changes: Mapping[str, int], moved_wrapped: bool, movements: Movements
) -> Party:
    tokens = {mint: units for mint, units in changes.items() if units and mint != WRAPPED_SOL}
    wrapped = movements.tokens.get(owner, {}).get(WRAPPED_SOL, 0)
    lamports, has_unknown_rent = wrapped, False
    if owner == movements.fee_payer and owner in movements.lamports:
        lamports += _without_rent(owner, movements, movements.fee)
    elif not wrapped and any(_was_minted(owner, mint, movements) for mint in tokens):
        first_payment = _without_curve_rent(owner, movements)
        lamports, has_unknown_rent = first_payment or 0, first_payment is None
    elif not wrapped:
        lamports = _without_rent(owner, movements)
    return Party(
        owner=owner,
        lamports=lamports,
        tokens=tokens,
        holds_wrapped=wrapped != 0,
        wraps=moved_wrapped and not wrapped,
        has_unknown_rent=has_unknown_rent,
    )


def _exchanged_tokens(movements: Movements) -> Mapping[str, Mapping[str, int]]:
    """Token changes by owner without what was minted and burned; a missing row is filled in."""
    changes: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for owner, tokens in movements.tokens.items():
        for mint, units in tokens.items():
            changes[owner][mint] += units
    traded: defaultdict[str, set[str]] = defaultdict(set)
    for transfer in movements.transfers:
        ends = {transfer.sender, transfer.receiver} - {NOBODY}
        traded[transfer.mint] |= ends
        if len(ends) == 1 and transfer.sender != transfer.receiver:
            (owner,) = ends
            if transfer.amount is None:
                changes[owner][transfer.mint] = 0
            else:
                minted = movements.units(transfer.amount, transfer.mint)
                changes[owner][transfer.mint] += minted if owner == transfer.sender else -minted
    for mint, owners in traded.items():
        _fill_in(mint, owners, changes, movements)
    return changes


def _fill_in(
    mint: str,
    owners: set[str],
    changes: defaultdict[str, defaultdict[str, int]],
    movements: Movements,
) -> None:
    """Give the only owner without a row, in a trimmed body, what the others lack."""
    silent = [owner for owner in owners if mint not in movements.tokens.get(owner, {})]
    if mint == WRAPPED_SOL or len(silent) != 1 or movements.is_whole:
        return
    (owner,) = silent
    missing = -sum(tokens.get(mint, 0) for tokens in changes.values())
    if missing:
        changes[owner][mint] = missing


def _was_minted(owner: str, mint: str, movements: Movements) -> bool:
    return any(
        transfer.mint == mint and {transfer.sender, transfer.receiver} == {NOBODY, owner}
        for transfer in movements.transfers
    )


def _without_rent(owner: str, movements: Movements, fee: int = 0) -> int:
    """The lamports of `owner`, `fee` given back, without the rent between it and its accounts."""
    lamports = movements.lamports.get(owner, 0) + fee
    rent = movements.rents.get(owner, 0)
    if lamports * rent < 0:
        lamports = 0 if abs(rent) >= abs(lamports) else lamports + rent
    return 0 if is_token_account_rent(abs(lamports)) else lamports


def _without_curve_rent(owner: str, movements: Movements) -> int | None:
    """The lamports of a curve that was created here, without its rent; None where it is unclear.

    The creator sends rent and payment apart: one of the transfers has the size of a rent.
    """
    sent = [
        transfer.lamports if transfer.receiver == owner else -transfer.lamports
        for transfer in movements.native_transfers
        if (transfer.receiver == owner) != (transfer.sender == owner)
    ]
    rents = [lamports for lamports in sent if is_curve_rent(abs(lamports))]
    if len(rents) == 1 and sum(sent) == movements.lamports.get(owner, 0):
        return sum(sent) - rents[0]
    return None
