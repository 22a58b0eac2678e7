"""What else in a body speaks for or against a price from the balances of pools.

A net change is one trade only if the transfers went one way; lamports are a payment only if the
other side paid them; an event has to tell the same price.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from functions.glow.token import shown
from functions.glow.trades.liquidity import DUST_UNITS, FEE_PARTS, Liquidity, is_dust
from functions.glow.trades.movements import NOBODY, WRAPPED_SOL, Movements
from functions.glow.trades.outcome import NoPrice
from functions.glow.trades.parties import Parties, Party

# An event counts with fees where a pool counts without: so far apart they still agree.
EVENT_PARTS: Final = 10
# Pools that one order was split over have prices close to each other.
SPREAD: Final = 2


def objection(found: Liquidity, parties: Parties, movements: Movements) -> NoPrice | None:
    """Why the net change of `found` is no price; None where all witnesses agree."""
    mint = found.mint
    for pool in found.pools:
        if went_both_ways(pool.owner, mint, movements):
            detail = f"it went into {shown(pool.owner)} and out again: several trades, or a deposit"
            return NoPrice("opposite_trades", detail, mint)
        if not _is_borne_out(pool, mint, movements):
            detail = f"the transfers do not bear out what {shown(pool.owner)} gained and lost"
            return NoPrice("witnesses_disagree", detail, mint)
    if not _are_close(found):
        detail = f"it changed hands at prices more than {SPREAD} times apart"
        return NoPrice("witnesses_disagree", detail, mint)
    if not _was_paid(found, parties):
        detail = "nobody on the other side paid those lamports, or got them"
        return NoPrice("not_a_trade" if movements.is_whole else "trimmed", detail, mint)
    return None


def went_both_ways(owner: str, mint: str, movements: Movements) -> bool:
    """Whether `mint`, or the wrapped SOL against it, went in and out of `owner` in earnest."""
    tokens = _Flow.of(owner, mint, movements)
    if tokens.partners_in & tokens.partners_out:
        return True
    return tokens.is_two_way or _Flow.of(owner, WRAPPED_SOL, movements).is_two_way


@dataclass(frozen=True, slots=True)
class _Flow:
    """What was sent of a mint to and by one owner; an amount is None if any of it is not known."""

    partners_in: frozenset[str]
    partners_out: frozenset[str]
    came: Decimal | None
    went: Decimal | None

    @classmethod
    def of(cls, owner: str, mint: str, movements: Movements) -> "_Flow":
        came: defaultdict[str, list[Decimal | None]] = defaultdict(list)
        went: defaultdict[str, list[Decimal | None]] = defaultdict(list)
        for transfer in movements.transfers:
            ends = (transfer.sender, transfer.receiver)
            if transfer.mint == mint and owner in ends and NOBODY not in ends:
                if transfer.receiver == owner != transfer.sender:
                    came[transfer.sender].append(transfer.amount)
                elif transfer.sender == owner != transfer.receiver:
                    went[transfer.receiver].append(transfer.amount)
        return cls(frozenset(came), frozenset(went), _total(came), _total(went))

    @property
    def is_two_way(self) -> bool:
        if not self.partners_in or not self.partners_out:
            return False
        if self.came is None or self.went is None:
            return True
        return min(self.came, self.went) * FEE_PARTS > max(self.came, self.went)

    def bears_out(self, units: int) -> bool:
        """Whether more came than went where `units` were gained, and the other way round."""
        if self.came is None or self.went is None:
            return bool(self.partners_in if units > 0 else self.partners_out)
        return (self.came - self.went) * units > 0


def _total(amounts: Mapping[str, Sequence[Decimal | None]]) -> Decimal | None:
    total = Decimal(0)
    for amount in (amount for partner in amounts.values() for amount in partner):
        if amount is None:
            return None
        total += amount
    return total


def _is_borne_out(pool: Party, mint: str, movements: Movements) -> bool:
    if not _Flow.of(pool.owner, mint, movements).bears_out(pool.tokens[mint]):
        return False
    wrapped = _Flow.of(pool.owner, WRAPPED_SOL, movements)
    if not pool.holds_wrapped or not (wrapped.partners_in or wrapped.partners_out):
        return True  # SOL may come as lamports that the pool's account then counts
    return wrapped.bears_out(pool.lamports)


def _are_close(found: Liquidity) -> bool:
    """Whether the pools had like prices; crumbs are too small to tell, and to matter."""
    traded = [(abs(pool.lamports), abs(pool.tokens[found.mint])) for pool in found.pools]
    told = [amounts for amounts in traded if max(amounts) >= DUST_UNITS]
    return all(
        SPREAD * lamports * other_units >= other_lamports * units
        for lamports, units in told
        for other_lamports, other_units in told
    )


def _was_paid(found: Liquidity, parties: Parties) -> bool:
    """Whether the lamports of curves have their like on the other side.

    Lamports also move as rent, tips and fees; a payment is what those lost who got the token, or
    what those got who gave it. Whoever pays the fee may pay for a token that goes to another.
    """
    curves = [pool for pool in found.pools if not pool.holds_wrapped]
    if not curves:
        return True
    wanted = sum(curve.lamports for curve in curves)
    pools = {pool.owner for pool in found.pools}
    paid = sum(
        party.lamports
        for party in parties.all
        if party is parties.payer
        or (party.owner not in pools and party.tokens.get(found.mint, 0) * found.units < 0)
    )
    return paid * wanted < 0 and 2 * abs(paid) >= abs(wanted)


def event_price(movements: Movements) -> Liquidity | None:
    """What the swap event says that the other side of it moved; None where it is not usable.

    SOL is looked for on the side without the token: Helius also notes tips as SOL given.
    """
    event = movements.event
    if event is None:
        return None
    given = {mint: units for mint, units in event.given.items() if mint != WRAPPED_SOL}
    taken = {mint: units for mint, units in event.taken.items() if mint != WRAPPED_SOL}
    if len(given) + len(taken) != 1:
        return None
    ((mint, units),) = (given or taken).items()
    lamports = (event.taken if given else event.given).get(WRAPPED_SOL, 0)
    if min(lamports, units) <= 0 or is_dust(lamports, units, movements.decimals[mint]):
        return None
    return Liquidity(mint, *((-lamports, units) if given else (lamports, -units)), pools=())


def event_objection(found: Liquidity, movements: Movements) -> NoPrice | None:
    """Why the event contradicts the price of `found`; None where it agrees or is explained."""
    told = event_price(movements)
    if told is None or told.mint != found.mint:
        return None
    if _agree(told.lamports * found.units, found.lamports * told.units):
        return None
    sign = 1 if found.lamports > 0 else -1
    # Jupiter notes a fee alone where the trader's SOL was wrapped already: the same tokens for less
    # SOL than the pools moved. Balances and transfers agree on more, so the event left it out.
    if _agree(told.units, found.units) and 0 < told.lamports * sign < found.lamports * sign:
        return None
    detail = "the swap event tells another price than the balances of the pool"
    return NoPrice("witnesses_disagree", detail, found.mint)


def _agree(one: int, other: int) -> bool:
    return one * other > 0 and abs(one - other) * EVENT_PARTS <= max(abs(one), abs(other))


def trader_bears_out(told: Liquidity, parties: Parties, movements: Movements) -> bool:
    """Whether one account exchanged what the event tells, but for fees, and nothing was lent.

    All accounts must be there: else the trader's SOL may be in one that is not.
    """
    return (
        movements.is_whole
        and not parties.lenders
        and any(
            party.exchanged(told.mint)
            and _is_nearly(party.lamports, -told.lamports)
            and _is_nearly(party.tokens[told.mint], -told.units)
            for party in parties.all
        )
    )


def _is_nearly(one: int, other: int) -> bool:
    return one * other > 0 and abs(one - other) * FEE_PARTS <= abs(other)


def was_sent_back(owner: str, movements: Movements) -> bool:
    """Whether somebody both got a token from `owner` and gave it there."""
    mints = {transfer.mint for transfer in movements.transfers} - {WRAPPED_SOL}
    flows = [_Flow.of(owner, mint, movements) for mint in mints]
    return any(flow.partners_in & flow.partners_out for flow in flows)
