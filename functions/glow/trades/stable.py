"""Trades against USDC or USDT: their SOL price comes through SOL/USD.

A dollar's coin is taken for a dollar. The witnesses are those of any trade: the transaction is priced
as if that coin were wrapped SOL, and what it says is translated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from functions.glow.trades.movements import SOL_DECIMALS, WRAPPED_SOL, Movements, SwapEvent
from functions.glow.trades.outcome import NoPrice, PricedToken
from functions.glow.trades.price import price_movements
from functions.glow.update import Stable, rounded_price

STABLE_MINTS: Final[Mapping[str, Stable]] = {
    "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v": "usdc",
    "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB": "usdt",
}


def price_in_sol(movements: Movements, sol_usd: Decimal | None) -> list[PricedToken | NoPrice]:
    """As `price_movements`; a trade that no SOL took part in has the price that its dollars are worth.

    `sol_usd` is None where that is not known: then it stays a trade of one token for another.
    """
    found = price_movements(movements)
    if not all(isinstance(each, NoPrice) and each.reason == "token_to_token" for each in found):
        return found
    for mint in STABLE_MINTS:
        priced = _priced_in(mint, movements)
        if priced:
            return [_in_sol(each, mint, movements, sol_usd) for each in priced]
    return found


def _priced_in(stable: str, movements: Movements) -> Sequence[PricedToken]:
    """The prices in `stable`, written as if it had the decimals of SOL."""
    if not any(stable in tokens for tokens in movements.tokens.values()):
        return []
    return [
        each
        for each in price_movements(_as_sol(stable, movements))
        if isinstance(each, PricedToken)
    ]


def _in_sol(
    priced: PricedToken, stable: str, movements: Movements, sol_usd: Decimal | None
) -> PricedToken | NoPrice:
    via = STABLE_MINTS[stable]
    if sol_usd is None:
        detail = f"traded for {via.upper()}, and SOL/USD was not known when it came in"
        return NoPrice("token_to_token", detail, priced.mint)
    shift = SOL_DECIMALS - movements.decimals[stable]
    price_usd = priced.price.scaleb(shift)
    return replace(
        priced,
        price=rounded_price(price_usd, sol_usd),
        amount_sol=rounded_price(priced.amount_sol.scaleb(shift), sol_usd),
        price_usd=price_usd,
        via=via,
    )


def _as_sol(stable: str, movements: Movements) -> Movements:
    """`movements` with `stable` in the place of wrapped SOL, and without SOL: fees, rent and tips."""

    def renamed(units: Mapping[str, int]) -> dict[str, int]:
        others = {mint: amount for mint, amount in units.items() if mint != WRAPPED_SOL}
        return {WRAPPED_SOL if mint == stable else mint: each for mint, each in others.items()}

    event = movements.event
    only_the_fee = {movements.fee_payer: -movements.fee}
    return replace(
        movements,
        lamports=only_the_fee
        if movements.is_whole
        else {},  # a body that lacks rows still lacks them
        rents={},
        native_transfers=(),
        tokens={owner: renamed(units) for owner, units in movements.tokens.items()},
        decimals=renamed(movements.decimals),
        transfers=tuple(
            replace(transfer, mint=WRAPPED_SOL) if transfer.mint == stable else transfer
            for transfer in movements.transfers
            if transfer.mint != WRAPPED_SOL
        ),
        event=event and SwapEvent(renamed(event.given), renamed(event.taken)),
    )
