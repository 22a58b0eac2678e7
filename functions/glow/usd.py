"""SOL in US dollars: the rate that gives prices one in dollars, and which trades it holds for."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from functions.glow.update import known_amount, rounded_product


@dataclass(frozen=True, slots=True)
class SolUsd:
    """US dollars per SOL, as asked for at `asked_at_ms` (Unix time); `block_id` is the slot of the last
    swap that it comes from."""

    price: Decimal
    asked_at_ms: int
    block_id: int

    def age_seconds(self, *, now: float) -> float:
        """`now` is Unix time in seconds. Below zero where the clock that asked is ahead."""
        return now - self.asked_at_ms / 1000

    def is_fresh(self, *, now: float, max_age_seconds: int) -> bool:
        return abs(self.age_seconds(now=now)) <= max_age_seconds


@dataclass(frozen=True, slots=True)
class Dollars:
    """The `rate` that is known, and how far it may be from a trade, before it and after."""

    rate: SolUsd | None
    max_age_seconds: int

    def sol_usd(self, timestamp: int) -> Decimal | None:
        """US dollars per SOL for a trade of that second. Today's rate says nothing of an old trade."""
        rate = self.rate
        if rate is None or not rate.is_fresh(now=timestamp, max_age_seconds=self.max_age_seconds):
            return None
        return rate.price


NO_DOLLARS: Final = Dollars(None, 0)


def in_usd(price_sol: Decimal, sol_usd: Decimal | None) -> Decimal | None:
    """`price_sol` in US dollars, rounded once, half to even, to the 15 digits of a price.

    None without a rate, or beyond what a price may be.
    """
    return None if sol_usd is None else known_amount(rounded_product(price_sol, sol_usd))
