"""Which quote of SOL becomes the rate. A wrong rate is worse than none: it would be in every price. Pure."""

from typing import Final, Literal

from functions.glow.quotes.answer import Quoted
from functions.glow.usd import SolUsd

# SOL has never halved or doubled within minutes. Beyond what a rate's life is, nothing is known.
MAX_JUMP: Final = 2

Doubt = Literal[
    "older_block",  # of an older swap than the one that is known
    "unchanged",  # the same price from the same swap: nobody knows how old it is
    "jump",  # MAX_JUMP times above or below what is known
]


def next_rate(
    known: SolUsd | None, quoted: Quoted, *, asked_at_ms: int, max_age_seconds: int
) -> SolUsd | Doubt:
    """The rate by `quoted`, or why it is none. What is known counts only while it is fresh."""
    rate = SolUsd(quoted.price_usd, asked_at_ms, quoted.block_id)
    if known is None or not known.is_fresh(now=asked_at_ms / 1000, max_age_seconds=max_age_seconds):
        return rate if not _is_known(known, quoted) else "unchanged"
    if quoted.block_id < known.block_id:
        return "older_block"
    if _is_known(known, quoted):
        return "unchanged"
    if max(rate.price, known.price) >= MAX_JUMP * min(rate.price, known.price):
        return "jump"
    return rate


def _is_known(known: SolUsd | None, quoted: Quoted) -> bool:
    return known is not None and (known.price, known.block_id) == (
        quoted.price_usd,
        quoted.block_id,
    )
