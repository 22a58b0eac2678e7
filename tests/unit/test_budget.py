"""The budget of posts: what may be leased of a second, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.glow.sockets.budget import LEASE_POSTS, Budget, Quota

rates = st.integers(min_value=500, max_value=40_000)
processes = st.integers(min_value=2, max_value=1_000)
moments = st.floats(min_value=1_700_000_000, max_value=1_900_000_000)


def test_lease_is_500_posts_or_what_all_processes_can_have_at_once() -> None:
    assert Quota(6_500, 10).lease == LEASE_POSTS
    assert Quota(6_500, 50).lease == 130


@given(rate=rates, count=processes)
def test_every_process_can_have_a_lease_in_the_same_second(rate: int, count: int) -> None:
    quota = Quota(rate, count)

    assert quota.lease * min(count, rate) <= rate


@given(rate=rates, count=processes, now=moments)
def test_a_second_is_handed_out_bit_by_bit_and_never_beyond_the_rate(
    rate: int, count: int, now: float
) -> None:
    quota = Quota(rate, count)
    at_once = min(rate / 4, 2_500)

    assert quota.allowed(now) <= rate
    assert quota.allowed(now) <= at_once + rate * (now % 1) + 1


@given(rate=rates, count=processes, now=moments, used=st.integers(0, 40_000))
def test_who_waits_as_told_finds_room_or_a_new_second(
    rate: int, count: int, now: float, used: int
) -> None:
    quota = Quota(rate, count)
    later = now + quota.wait_seconds(used, now) + 0.001

    assert int(later) > int(now) or used + quota.lease <= quota.allowed(later)


def test_budget_ends_with_its_second() -> None:
    budget = Budget(second=100, posts=2)

    assert budget.left(100.999) == 2
    assert budget.spent().left(100.5) == 1
    assert budget.left(101.0) == 0


@pytest.mark.parametrize("now", [100.0, 100.5, 100.999])
def test_no_wait_while_there_is_room(now: float) -> None:
    assert Quota(8_000, 10).wait_seconds(0, now) == 0
