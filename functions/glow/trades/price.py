"""The SOL prices in what a transaction moved.

A price comes from liquidity: accounts that gained SOL and lost one token, or the other way round,
whoever paid the fee. Fees, tips and rent are the trader's, so they stay out (2 % in the pump.fun
sample). Witnesses have to agree (witness.py); where they do not, or where the legs cannot be told
apart, the answer is a named skip: a wrong price is worse than none.
"""

from collections.abc import Iterator
from decimal import Decimal

from functions.glow.token import shown
from functions.glow.trades.liquidity import Liquidity, liquidity_of
from functions.glow.trades.movements import (
    LAMPORTS_PER_SOL,
    SOL_DECIMALS,
    WRAPPED_SOL,
    Movements,
)
from functions.glow.trades.outcome import NoPrice, PricedToken, PricePath
from functions.glow.trades.parties import Parties, parties_of
from functions.glow.trades.programs import PLAIN
from functions.glow.trades.route import between_tokens, route_of
from functions.glow.trades.witness import (
    event_objection,
    event_price,
    objection,
    trader_bears_out,
    was_sent_back,
)
from functions.glow.update import Side, rounded_price


def price_movements(movements: Movements) -> list[PricedToken | NoPrice]:
    """The prices in `movements`, one per token, and why others have none; never empty."""
    if movements.calls and all(call.program in PLAIN for call in movements.calls):
        return [NoPrice("not_a_trade", "only transfers; no program that could swap took part")]
    parties = parties_of(movements)
    sides: list[Liquidity] = []
    found: dict[str, PricedToken | NoPrice] = {}
    for mint in sorted({mint for party in parties.liquidity for mint in party.tokens}):
        side = liquidity_of(mint, parties, movements)
        if isinstance(side, Liquidity):
            problem = objection(side, parties, movements) or event_objection(side, movements)
            found[mint] = problem or _priced(side, movements)
            sides += [] if problem else [side]
        elif side:
            found[mint] = side
    route = route_of(parties, sides, movements)
    if route and route.mint not in found:
        found[route.mint] = event_objection(route, movements) or _priced(route, movements, "route")
    told = event_price(movements)
    if told and told.mint not in found and trader_bears_out(told, parties, movements):
        found[told.mint] = _priced(told, movements, "swap_event")
    return [*found.values()] or [next(_why_not(parties, movements))]


def _priced(side: Liquidity, movements: Movements, path: PricePath | None = None) -> PricedToken:
    lamports, units = abs(side.lamports), abs(side.units)
    scale = 10 ** movements.decimals[side.mint]
    pool_side: PricePath = (
        "balances" if any(pool.holds_wrapped for pool in side.pools) else "native_balance"
    )
    did: Side = "buy" if side.units < 0 else "sell"
    return PricedToken(
        mint=side.mint,
        price=rounded_price(lamports * scale, units * LAMPORTS_PER_SOL),
        side=did if side.side_is_known else None,
        amount=_scaled(units, movements.decimals[side.mint]),
        amount_sol=_scaled(lamports, SOL_DECIMALS),
        path=path or pool_side,
    )


def _scaled(units: int, decimals: int) -> Decimal:
    """`units` without rounding: u64 has 20 digits, Decimal's context 28."""
    return Decimal(units).scaleb(-decimals)


def _why_not(parties: Parties, movements: Movements) -> Iterator[NoPrice]:
    """The reasons why nothing in `movements` has a price, the truest first."""
    if any(lender.tokens or lender.lamports for lender in parties.lenders):
        yield NoPrice("loan", "a lending program moved it: a loan is no trade")
    for party in parties.liquidity:
        if was_sent_back(party.owner, movements):
            detail = f"{shown(party.owner)} took and gave the same token: only the rest shows"
            yield NoPrice("opposite_trades", detail)
        if party.holds_wrapped and len(party.tokens) > 1:
            detail = f"{shown(party.owner)} moved SOL and more than one token"
            yield NoPrice("several_tokens", detail)
    exchanged = [party for party in parties.all if any(map(party.exchanged, party.tokens))]
    told = event_price(movements)
    has_no_rows = bool(movements.transfers) and not movements.lamports
    if (exchanged or told or has_no_rows) and not movements.is_whole:
        yield NoPrice("trimmed", "the body lacks the balance changes of the pool")
    if exchanged and any(transfer.mint == WRAPPED_SOL for transfer in movements.transfers):
        if between_tokens(parties):
            yield NoPrice("multi_hop", "traded over other mints, and no end of the route is clear")
        yield NoPrice("no_pool", "no single account gave SOL for a token, or a token for SOL")
    if told:
        yield NoPrice("witnesses_disagree", "no account exchanged what the swap event tells")
    if any(party.exchanged_tokens for party in parties.all):
        yield NoPrice("token_to_token", "tokens were traded, but not against SOL")
    yield NoPrice("not_a_trade", "no account gave SOL for a token, or a token for SOL")
