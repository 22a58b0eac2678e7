"""The ends of a route: SOL, other mints on the way, and a token."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from functions.glow.trades.liquidity import Liquidity
from functions.glow.trades.movements import Movements
from functions.glow.trades.parties import Parties, Party
from functions.glow.trades.witness import went_both_ways

# One part in this many of what passed may be left behind between two pools.
LEFTOVER_PARTS: Final = 100


def between_tokens(parties: Parties) -> Sequence[Party]:
    """The accounts that exchanged one token for another."""
    return [
        party
        for party in parties.liquidity
        if party.exchanged_tokens and not party.lamports and not party.wraps
    ]


def route_of(
    parties: Parties, firsts: Sequence[Liquidity], movements: Movements
) -> Liquidity | None:
    """All pools of a route as one, if SOL is one end of it and one token the other.

    `firsts` are the pools against SOL. SOL that only passes between two of them is no end. A trader
    who exchanged the two ends bears it out: else a trader may stand among the pools.
    """
    pools = [*between_tokens(parties), *(pool for first in firsts for pool in first.pools)]
    lamports = sum(first.lamports for first in firsts)
    if len({first.lamports > 0 for first in firsts if first.side_is_known}) != 1:
        return None
    net, passed = Counter[str](), Counter[str]()
    for pool in pools:
        net.update(pool.tokens)
        passed.update({mint: abs(units) for mint, units in pool.tokens.items()})
    ends = [mint for mint, units in net.items() if abs(units) * LEFTOVER_PARTS > passed[mint]]
    if len(ends) != 1 or net[ends[0]] * lamports >= 0 or ends[0] in {one.mint for one in firsts}:
        return None
    (end,) = ends
    if end not in movements.decimals:  # in no row
        return None
    if any(end in pool.tokens and went_both_ways(pool.owner, end, movements) for pool in pools):
        return None
    owners = {pool.owner for pool in pools}
    if not any(party.exchanged(end) and party.owner not in owners for party in parties.all):
        return None
    return Liquidity(end, lamports, net[end], pools)
