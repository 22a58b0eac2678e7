"""When a move to the edge is taken back: the edge is bad for three minutes, and worse than AWS."""

from dataclasses import replace

import pytest

from functions.glow.routing.judgement import (
    MINUTE_MS,
    WATCHED_MS,
    Minute,
    PathMinute,
    fault,
    is_watched,
)
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import Routes

NOW_MS = 1_750_000_000_000
AWS, HALF, ALL = Policy(), Policy(edge_is_on=True, edge_percent=50), Policy(edge_is_on=True)
WELL = PathMinute(updates=100, p99_ms=40)
SILENT = PathMinute()
FAILS = PathMinute(updates=100, failures=30, p99_ms=40)
SLOW = PathMinute(updates=100, p99_ms=400)


def minutes(*edge: PathMinute, aws: PathMinute = WELL) -> list[Minute]:
    return [
        Minute(start_ms=NOW_MS + number * MINUTE_MS, edge=each, aws=aws)
        for number, each in enumerate(edge)
    ]


@pytest.mark.parametrize(
    ("edge", "reason"),
    [
        ([FAILS] * 3, "over 10 % of the updates failed at the edge in each of 3 minutes: 30 %"),
        ([SLOW] * 3, "the edge took over 200 ms (p99) in each of 3 minutes: 400 ms"),
        ([WELL, FAILS, FAILS, FAILS], "over 10 %"),
    ],
)
def test_edge_that_stays_bad_is_named_with_its_figures(edge: list[PathMinute], reason: str) -> None:
    found = fault(minutes(*edge), since_ms=NOW_MS)

    assert found is not None
    assert found.startswith(reason)


@pytest.mark.parametrize(
    "edge",
    [
        [WELL] * 3,
        [SILENT] * 3,
        [FAILS, FAILS],
        [FAILS, WELL, FAILS],
        [FAILS, FAILS, FAILS, WELL],
        [FAILS, SLOW, FAILS],
        [replace(FAILS, failures=10)] * 3,  # as much as the limit
        [replace(SLOW, p99_ms=200)] * 3,
        [PathMinute(updates=9, failures=9, p99_ms=900)] * 3,  # too few to tell
    ],
)
def test_edge_that_is_well_or_bad_for_a_moment_is_left_alone(edge: list[PathMinute]) -> None:
    assert fault(minutes(*edge), since_ms=NOW_MS) is None


@pytest.mark.parametrize("path", [FAILS, SLOW])
def test_nothing_goes_back_to_an_aws_that_is_as_bad(path: PathMinute) -> None:
    assert fault(minutes(*[path] * 3, aws=path), since_ms=NOW_MS) is None


def test_aws_that_carries_nothing_any_more_is_no_reason_to_stay() -> None:
    assert fault(minutes(*[SLOW] * 3, aws=SILENT), since_ms=NOW_MS) is not None


def test_minutes_before_the_change_do_not_count() -> None:
    assert fault(minutes(*[FAILS] * 4), since_ms=NOW_MS + 2 * MINUTE_MS) is None


@pytest.mark.parametrize(
    ("before", "after", "watched"),
    [(AWS, ALL, True), (HALF, ALL, True), (ALL, HALF, False), (ALL, AWS, False)],
)
def test_moves_to_the_edge_alone_are_watched(before: Policy, after: Policy, watched: bool) -> None:
    changed = Routes(current=before).changed(after, now_ms=NOW_MS)

    assert is_watched(changed, now_ms=NOW_MS + 1) is watched
    assert not is_watched(changed, now_ms=NOW_MS + WATCHED_MS)


def test_first_routing_of_a_stack_is_not_watched() -> None:
    assert not is_watched(Routes(current=ALL, since_ms=NOW_MS), now_ms=NOW_MS)


def test_what_was_set_back_is_not_watched_and_says_why_until_the_next_change() -> None:
    moved = Routes(current=HALF).changed(ALL, now_ms=NOW_MS)

    back = moved.set_back("it failed", now_ms=NOW_MS + 1)

    assert (back.current, back.set_back_because) == (HALF, "it failed")
    assert ALL in [stretch.policy for stretch in back.previous]  # published on until all have left
    assert not is_watched(back, now_ms=NOW_MS + 2)
    assert back.changed(ALL, now_ms=NOW_MS + 3).set_back_because is None
