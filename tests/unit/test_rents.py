"""Which lamports are rent. The rents are those that RPC nodes told before and after each step of SIMD-0437."""

import pytest

from functions.glow.trades.rents import is_curve_rent, is_token_account_rent
from tests.unit.bodies import RENTS, RENTS_2022


@pytest.mark.parametrize("rent", [*RENTS, *RENTS_2022])
@pytest.mark.parametrize("count", [1, 2, 20])
def test_token_accounts_opened_at_any_rate_are_rent(rent: int, count: int) -> None:
    assert is_token_account_rent(count * rent)


@pytest.mark.parametrize(
    "lamports",
    [
        RENTS[0] + RENTS[2],  # two old accounts are closed, of different ages
        RENTS[0] + RENTS[1] + RENTS[2] + RENTS_2022[0],
        RENTS[0] - RENTS[2],  # an old one is closed and a new one opened
        2 * RENTS[2] - RENTS[0],
        RENTS[0] + RENTS[1] - RENTS_2022[2],
        RENTS_2022[2] - RENTS[2],
    ],
)
def test_rents_of_different_days_are_rent(lamports: int) -> None:
    assert is_token_account_rent(lamports)


@pytest.mark.parametrize("rent", [*RENTS, *RENTS_2022])
@pytest.mark.parametrize("more", [-1, 1])
def test_lamport_beside_a_rent_is_none(rent: int, more: int) -> None:
    assert not is_token_account_rent(rent + more)


def test_hardly_any_payment_looks_like_a_rent() -> None:
    """Each of these costs a curve a price. No payment of a round sum is among them."""
    assert not any(map(is_token_account_rent, range(100_000, 50_000_000, 100_000)))
    some = range(200_000, 50_000_000, 997)
    assert sum(map(is_token_account_rent, some)) * 5_000 < len(some)


@pytest.mark.parametrize("rate", [6_960, 6_333, 5_080, 2_575, 1_322, 696])
def test_curve_of_up_to_2_kb_has_a_rent_at_any_rate(rate: int) -> None:
    assert all(is_curve_rent((128 + size) * rate) for size in (0, 49, 151, 2_047))
    assert not is_curve_rent((128 + 151) * rate + 1)
    assert not is_curve_rent(0)
