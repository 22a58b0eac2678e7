"""What a load makes a cloud do: how much of what is billed, and for what. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ops.cost.load import MONTH_SECONDS

# The default of glow:lambdaMemoryMb. Lambda's GB has 1,024 MB.
LAMBDA_MEMORY_MB: Final = 1769
LAMBDA_MEMORY_GB: Final = Decimal(LAMBDA_MEMORY_MB) / 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """`amount` a month of what `price` (a key of prices.json) is for; `reason` is for readers."""

    price: str
    reason: str
    amount: Decimal


def calls(reason: str, count: Decimal, *, ms: Decimal | int) -> Iterator[Usage]:
    """`count` calls of a function that take `ms` milliseconds each."""
    yield Usage("lambda_requests", reason, count)
    yield Usage(
        "lambda_gb_seconds", f"{reason}, {ms} ms each", count * ms / 1000 * LAMBDA_MEMORY_GB
    )


def functions_at_once(usages: Iterable[Usage]) -> Decimal:
    """How many functions run on average, to use up so much."""
    gb_seconds = (usage.amount for usage in usages if usage.price == "lambda_gb_seconds")
    return sum(gb_seconds, Decimal(0)) / LAMBDA_MEMORY_GB / MONTH_SECONDS


def gigabytes(count: Decimal, bytes_each: int) -> Decimal:
    """`count` things of `bytes_each` in GB of 10^9 bytes."""
    return count * bytes_each / 1_000_000_000
