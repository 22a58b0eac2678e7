"""Rents: what accounts hold so that the chain keeps them. They move beside trades, and are no payments.

An account holds its bytes times a rate in lamports: 6,960 until September 2026. SIMD-0437 ("Incrementally
Reduce lamports_per_byte to 696") lowers it in five steps, two of which were in force in November 2026
(docs.chainstack.com, "Solana: Rent reduction"), and SIMD-0438 may set it back. Whoever closes an account
gets the rent of its day, so all of them come side by side.
"""

from itertools import product
from typing import Final

RATES: Final = (6_960, 6_333, 5_080, 2_575, 1_322, 696)
_OVERHEAD_BYTES: Final = 128  # what the chain itself keeps of each account
# With it, a token account: SPL Token's, and Token-2022's as a wallet opens it.
_TOKEN_ACCOUNT_BYTES: Final = (_OVERHEAD_BYTES + 165, _OVERHEAD_BYTES + 170)
_MOST_CURVE_BYTES: Final = _OVERHEAD_BYTES + 2_048
_MOST_OF_ONE_RATE: Final = 20  # token accounts that one transaction opens for one wallet, or closes
_MOST_OF_ANY_RATE: Final = 4
_MOST_REPLACED: Final = 2  # closed, while as many are opened at another rate, or fewer, or more

WRAPPED_SOL_RENTS: Final = frozenset(_TOKEN_ACCOUNT_BYTES[0] * rate for rate in RATES)


def _sums(most: int) -> set[int]:
    """The rents of up to `most` token accounts, each at any rate."""
    rents = [size * rate for size in _TOKEN_ACCOUNT_BYTES for rate in RATES]
    sums = {0}
    for _ in range(most):
        sums |= {one + other for one, other in product(sums, rents)}
    return sums - {0}


_MIXED_RENTS: Final = frozenset(_sums(_MOST_OF_ANY_RATE)) | {
    abs(closed - opened) for closed, opened in product(_sums(_MOST_REPLACED), repeat=2)
}


def is_token_account_rent(lamports: int) -> bool:
    """Whether it is the rent of a few token accounts, to the lamport, or what closed ones gave beyond
    what opened ones took."""
    return lamports in _MIXED_RENTS or any(_is_rent_at(rate, lamports) for rate in RATES)


def _is_rent_at(rate: int, lamports: int) -> bool:
    size, rest = divmod(lamports, rate)
    first, second = _TOKEN_ACCOUNT_BYTES
    if rest or not 0 < size <= _MOST_OF_ONE_RATE * second:
        return False
    return any((size - count * second) % first == 0 for count in range(size // second + 1))


def is_curve_rent(lamports: int) -> bool:
    """Whether it is the rent of an account of up to 2 KB."""
    return any(
        lamports % rate == 0 and _OVERHEAD_BYTES <= lamports // rate < _MOST_CURVE_BYTES
        for rate in RATES
    )
