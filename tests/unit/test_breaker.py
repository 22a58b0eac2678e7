"""The circuit breaker, against a plain model of its rule."""

from hypothesis import given
from hypothesis import strategies as st

from functions.glow.edge.breaker import FAILURES_IN_A_ROW, OPEN_SECONDS, CircuitBreaker


def broken(*, now: float) -> CircuitBreaker:
    breaker = CircuitBreaker()
    for _ in range(FAILURES_IN_A_ROW):
        breaker.record_failure(now=now)
    return breaker


def test_it_opens_at_the_fifth_failure_in_a_row_and_closes_after_five_seconds() -> None:
    breaker = CircuitBreaker()
    for _ in range(4):
        breaker.record_failure(now=100.0)
    assert not breaker.is_open(now=100.0)

    breaker.record_failure(now=100.0)

    assert breaker.is_open(now=100.0)
    assert breaker.is_open(now=104.9)
    assert not breaker.is_open(now=105.0)


def test_success_between_failures_starts_the_count_anew() -> None:
    breaker = CircuitBreaker()
    for _ in range(4):
        breaker.record_failure(now=100.0)
    breaker.record_success()
    breaker.record_failure(now=100.0)

    assert not breaker.is_open(now=100.0)


def test_failure_after_the_pause_opens_it_again_at_once_and_success_for_good() -> None:
    breaker = broken(now=100.0)
    breaker.record_failure(now=106.0)
    assert breaker.is_open(now=110.9)

    breaker.record_success()
    assert not breaker.is_open(now=107.0)


def test_it_says_how_long_the_failures_in_a_row_have_lasted() -> None:
    breaker = CircuitBreaker()
    assert breaker.failing_seconds == 0

    for now in (100.0, 101.0, 103.5):
        breaker.record_failure(now=now)
    assert breaker.failing_seconds == 3.5

    breaker.record_success()
    breaker.record_failure(now=110.0)
    assert breaker.failing_seconds == 0


@given(st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=60))
def test_it_is_open_exactly_within_five_seconds_of_a_fifth_or_later_failure_in_a_row(
    steps: list[tuple[float, bool]],
) -> None:
    breaker, now, in_a_row, last_opening = CircuitBreaker(), 0.0, 0, float("-inf")
    for pause, succeeds in steps:
        now += pause
        assert breaker.is_open(now=now) == (now < last_opening + OPEN_SECONDS)
        if succeeds:
            breaker.record_success()
            in_a_row, last_opening = 0, float("-inf")
        else:
            breaker.record_failure(now=now)
            in_a_row += 1
            last_opening = now if in_a_row >= FAILURES_IN_A_ROW else float("-inf")
