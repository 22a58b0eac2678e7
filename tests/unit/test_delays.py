"""The delays of a retry queue."""

from hypothesis import given
from hypothesis import strategies as st

from functions.glow.queues.delays import retry_delay_seconds

MAX_VISIBILITY_SECONDS = 43_200  # SQS


def delays(*, base_seconds: int, max_tries: int) -> list[int]:
    return [
        retry_delay_seconds(tries, base_seconds=base_seconds, max_tries=max_tries)
        for tries in range(1, max_tries + 1)
    ]


def test_ten_tries_take_about_five_minutes() -> None:
    waits = delays(base_seconds=1, max_tries=10)

    assert waits == [1, 2, 4, 8, 16, 32, 64, 75, 75, 0]
    assert 270 <= sum(waits) <= 330


@given(st.integers(1, 60), st.integers(1, 100))
def test_delays_grow_within_what_sqs_allows_and_the_last_try_is_followed_by_none(
    base_seconds: int, max_tries: int
) -> None:
    *waits, last = delays(base_seconds=base_seconds, max_tries=max_tries)

    assert waits == sorted(waits)
    assert all(base_seconds <= wait <= MAX_VISIBILITY_SECONDS for wait in waits)
    assert last == 0


@given(st.integers(10, 1_000))
def test_try_beyond_the_last_waits_no_more(tries: int) -> None:
    assert retry_delay_seconds(tries, base_seconds=1, max_tries=10) == 0
