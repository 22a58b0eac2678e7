"""Which accounts were the other side of the trades of one token."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from functions.glow.trades.movements import Movements
from functions.glow.trades.outcome import NoPrice
from functions.glow.trades.parties import Parties, Party

# Amounts are cut to whole units: of fewer than 1,000, that alone moves the price by over 0.1 %.
DUST_UNITS: Final = 1_000
# One part in this many may be a fee, or a rounding, beside what was traded.
FEE_PARTS: Final = 20


@dataclass(frozen=True, slots=True)
class Liquidity:
    """What the other side of the trades of `mint` gained (+) and lost, and which accounts it was.

    `side_is_known` is False where both sides moved the same, and either may have been the pool.
    """

    mint: str
    lamports: int
    units: int
    pools: Sequence[Party]
    side_is_known: bool = True


def liquidity_of(mint: str, parties: Parties, movements: Movements) -> Liquidity | NoPrice | None:
    """The other side of the trades of `mint`; None where no account exchanged it for SOL."""
    if any(party.has_unknown_rent and mint in party.tokens for party in parties.liquidity):
        detail = "its curve was created here, and the rent in it cannot be told from the payment"
        return NoPrice("rent", detail, mint)
    exchangers = [party for party in parties.liquidity if party.exchanged(mint)]
    if not exchangers:
        return None
    decimals = movements.decimals.get(mint)
    if decimals is None:  # it was minted or burned, and is in no row
        return NoPrice("trimmed", "the body lacks the rows of it", mint)
    if decimals == 0 and all(abs(party.tokens[mint]) == 1 for party in exchangers):
        return NoPrice("nft", "one piece of something that cannot be divided", mint)
    side = _other_side(mint, exchangers, parties)
    if isinstance(side, Liquidity) and is_dust(side.lamports, side.units, decimals):
        return NoPrice("dust", "too little of it, or of SOL, changed hands", mint)
    return side


def is_dust(lamports: int, units: int, decimals: int) -> bool:
    # A mint without decimals is never cut, however few of it move.
    return abs(lamports) < DUST_UNITS or abs(units) < (DUST_UNITS if decimals else 1)


def _other_side(
    mint: str, exchangers: Sequence[Party], parties: Parties
) -> Liquidity | NoPrice | None:
    traders = _traders(mint, exchangers, parties)
    traded = {trader.tokens[mint] > 0 for trader in traders}
    if len(traded) > 1:
        return NoPrice("sides_unclear", "traders took both sides of it", mint)
    if traded:
        return _across_from(traders, mint, exchangers)
    # The payer of the fee did not trade it. Wallets wrap SOL and sign for what they send; hardly a pool
    # does. Where both sides moved the same, the price needs no guess, and the side gets none.
    left = [party for party in exchangers if not party.wraps]
    if any((sum(party.lamports for party in left), sum(party.tokens[mint] for party in left))):
        left = [party for party in left if party.owner not in parties.native_senders]
    gained = [party for party in left if party.tokens[mint] > 0]
    lost = [party for party in left if party.tokens[mint] < 0]
    if not gained or not lost:
        return _together(mint, left) if left else None
    one, other = _together(mint, gained), _together(mint, lost)
    if (one.lamports, one.units) == (-other.lamports, -other.units):
        return Liquidity(mint, one.lamports, one.units, gained, side_is_known=False)
    detail = "accounts took both sides at different prices: which is the pool?"
    return NoPrice("sides_unclear", detail, mint)


def _across_from(
    traders: Sequence[Party], mint: str, exchangers: Sequence[Party]
) -> Liquidity | NoPrice | None:
    """The pools of `traders`, who all took one side."""
    gained = traders[0].tokens[mint] > 0
    pools = [party for party in exchangers if (party.tokens[mint] > 0) != gained]
    others = [party for party in exchangers if (party.tokens[mint] > 0) == gained]
    if not pools:
        return None
    if any(pool.wraps for pool in pools):
        return NoPrice("sides_unclear", "another wallet took the other side", mint)
    if others and not _traded_alike(mint, traders, pools, others):
        detail = "what the fee payer moved may be for its service: who is the pool?"
        return NoPrice("sides_unclear", detail, mint)
    return _together(mint, pools)


def _traders(mint: str, exchangers: Sequence[Party], parties: Parties) -> Sequence[Party]:
    """Those who are known to have traded `mint`; a fee in it is no trade."""
    most = max(abs(party.tokens[mint]) for party in exchangers)
    return [
        trader
        for trader in (parties.payer, *parties.customers)
        if trader.exchanged(mint) and abs(trader.tokens[mint]) * FEE_PARTS >= most
    ]


def _traded_alike(
    mint: str, traders: Sequence[Party], pools: Sequence[Party], others: Sequence[Party]
) -> bool:
    """Whether `others` traded with `pools` as `traders` did, at one price.

    A relayer that keeps a part of the token, and pays tips and rent, looks like a trader. Then the
    seller whom it serves stands where a pool would, and the pool among `others`. But the seller got no
    SOL of the relayer's, and fewer tokens of his reached the pool than he gave.
    """
    ours, theirs = _together(mint, pools), _together(mint, others)
    spent = abs(_together(mint, traders).lamports)
    one, other = abs(ours.lamports * theirs.units), abs(theirs.lamports * ours.units)
    return (
        2 * (abs(ours.lamports) - abs(theirs.lamports)) >= spent
        and abs(one - other) * FEE_PARTS <= other
    )


def _together(mint: str, pools: Sequence[Party]) -> Liquidity:
    return Liquidity(
        mint=mint,
        lamports=sum(pool.lamports for pool in pools),
        units=sum(pool.tokens[mint] for pool in pools),
        pools=pools,
    )
