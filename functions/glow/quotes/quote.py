"""A quote as an update, and what becomes of it beside the rows of its token. Pure.

It is stamped QUOTE_AGE_SECONDS before it was asked for: a trade that is on its way then, which the webhook
has not seen yet, is newer by its id. So a quote never replaces it.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Literal

from functions.glow.errors import BadRequest
from functions.glow.prices.row import Arrival, newest_of
from functions.glow.quotes.answer import Quoted
from functions.glow.trades.base58 import decode
from functions.glow.trades.movements import WRAPPED_SOL
from functions.glow.update import Update, parse_price, place_of, rounded_price

QUOTE_AGE_SECONDS: Final = 10
_MINT_BYTES: Final = 32

Fate = Literal[
    "new",
    "unchanged",  # a row of the token is of that slot, or of a later one
    "overtaken",  # something newer came while it was asked for
]


def is_quotable(token: str) -> bool:
    """Whether `token` is a mint, which Jupiter may know, and not SOL itself, in which prices are."""
    try:
        return token != WRAPPED_SOL and len(decode(token, where="token")) == _MINT_BYTES
    except BadRequest:
        return False


def is_quiet(latest: Sequence[Arrival], *, now: float, quiet_after_seconds: int) -> bool:
    """Whether none of the newest rows is a trade of the last `quiet_after_seconds`.

    Quotes come only while a token is quiet, so a trade below many of them is old.
    """
    since = now - quiet_after_seconds
    return not any(row.update.timestamp >= since and not row.is_quote for row in latest)


def quote_of(token: str, quoted: Quoted, sol_usd: Decimal, *, asked_at_ms: int) -> Update:
    """The update. Raises BadRequest where its price in SOL is out of range."""
    price = rounded_price(quoted.price_usd, sol_usd)
    return Update(
        token=token,
        price=parse_price(price, where=f"the price of {token} in SOL"),
        timestamp=asked_at_ms // 1000 - QUOTE_AGE_SECONDS,
        slot=quoted.block_id,
        # There is no transaction. This tells quotes apart, and is what a signature may be.
        tx_signature=f"jupiter{quoted.block_id}",
        price_usd=quoted.price_usd,
        source="jupiter",
    )


def fate_of(quote: Update, latest: Sequence[Arrival]) -> Fate:
    """What becomes of `quote` beside the newest rows of its token."""
    newest = newest_of(latest)
    if newest is None:
        return "new"
    if newest.update.slot >= quote.slot:
        return "unchanged"
    return "overtaken" if newest.place >= place_of(quote.id) else "new"
