"""What is left of a request's deadline, by a clock of our own; and calls that would outlast it."""

import math
import threading
import time

import pytest

from functions.glow.errors import Unavailable
from functions.glow.runtime.deadline import deadline, seconds_left
from functions.glow.runtime.parallel import beside, by_the_deadline, in_parallel


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_runs_down_to_zero_and_is_over_with_the_block() -> None:
    clock, left = Clock(), list[float]()
    with deadline(0.85, clock=clock):
        for step in (0.0, 0.5, 0.35, 1.0):
            clock.now += step
            left.append(round(seconds_left(), 3))

    assert left == [0.85, 0.35, 0, 0]
    assert seconds_left() == math.inf


def test_it_reaches_the_threads_that_work_for_the_request() -> None:
    with deadline(0.85, clock=Clock()):
        seen = in_parallel(lambda _: seconds_left(), range(3))
        seen.append(by_the_deadline(seconds_left))

    assert seen == pytest.approx([0.85] * 4)
    assert in_parallel(lambda _: seconds_left(), range(2)) == [math.inf] * 2


def test_call_that_outlasts_it_is_unavailable_and_holds_up_no_later_one() -> None:
    never = threading.Event()
    try:
        with deadline(0.01), pytest.raises(Unavailable, match="deadline"):
            by_the_deadline(never.wait)
        assert by_the_deadline(lambda: "done") == "done"
    finally:
        never.set()


def test_calls_that_hang_for_ever_take_no_thread_from_later_requests() -> None:
    never = threading.Event()
    try:
        for _ in range(40):  # more than there are threads
            with deadline(0.001), pytest.raises(Unavailable):
                by_the_deadline(never.wait)
        with deadline(5):
            assert by_the_deadline(lambda: "done") == "done"
    finally:
        never.set()


def test_error_of_the_call_is_the_callers() -> None:
    def fail() -> None:
        raise TimeoutError("its own")

    with deadline(5), pytest.raises(TimeoutError, match="its own"):
        by_the_deadline(fail)


def test_chores_beside_leave_what_they_are_to_leave() -> None:
    never, started = threading.Event(), time.monotonic()
    try:
        with deadline(30), beside(never.wait, keep_seconds=29.95):
            pass
    finally:
        never.set()

    assert time.monotonic() - started < 15


def test_chores_without_a_deadline_are_waited_for() -> None:
    done: list[bool] = []
    is_time = threading.Event()

    def chore() -> None:
        is_time.wait()
        done.append(True)

    with beside(chore, keep_seconds=1):
        is_time.set()

    assert done == [True]
