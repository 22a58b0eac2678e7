"""RouteGuard as Lambda runs it: it sets the routing back, and its alarm says why."""

from __future__ import annotations

import uuid

import pytest

from functions.glow.routing.routes import Routes
from functions.glow.routing.table import RouteTable
from tests.functions.cloud import Queue
from tests.functions.conftest import Load
from tests.functions.guard import (
    ALARM,
    AWS,
    EDGE,
    cloudwatch,
    declare_alarm,
    move_to_the_edge,
    publish,
)


@pytest.fixture
def stack() -> str:
    """A name under which CloudWatch has no metrics yet."""
    return f"glow-{uuid.uuid4().hex}"


def look(load: Load, stack: str) -> str | None:
    return load("route_guard", STACK=stack, ROUTE_ALARM=ALARM).handler({}, None)


def test_move_that_goes_wrong_is_taken_back_and_the_alarm_says_why(
    load: Load, routes: RouteTable, tasks: Queue, stack: str
) -> None:
    declare_alarm()
    move_to_the_edge(routes)
    publish(stack, updates=100, failures=30)

    reason = look(load, stack)

    assert reason is not None
    assert reason.startswith("over 10 % of the updates failed at the edge")
    written = routes.read()
    assert written is not None
    assert (written.current, written.replaced) == (AWS, EDGE)
    assert written.set_back_because == reason
    assert len(tasks.take()) == 1  # its clients are told as of any change
    [alarm] = cloudwatch().describe_alarms(AlarmNames=[ALARM])["MetricAlarms"]
    assert alarm.get("StateValue") == "ALARM"
    assert reason in alarm.get("StateReason", "")


def test_what_was_taken_back_is_left_alone_from_then_on(
    load: Load, routes: RouteTable, stack: str
) -> None:
    declare_alarm()
    move_to_the_edge(routes)
    publish(stack, updates=100, failures=30)
    look(load, stack)
    before = routes.read()

    assert look(load, stack) is None
    assert routes.read() == before


@pytest.mark.parametrize(
    ("minutes_ago", "failures"),
    [(10, 0), (31, 30)],
    ids=["a move that is well", "a move of long ago"],
)
def test_routing_stays_where_there_is_no_reason(
    load: Load, routes: RouteTable, stack: str, minutes_ago: int, failures: int
) -> None:
    moved = move_to_the_edge(routes, minutes_ago=minutes_ago)
    publish(stack, updates=100, failures=failures)

    assert look(load, stack) is None
    assert routes.read() == moved


def test_stack_without_metrics_and_one_without_routing_are_left_alone(
    load: Load, routes: RouteTable, stack: str
) -> None:
    assert look(load, stack) is None
    moved = move_to_the_edge(routes)

    assert look(load, stack) is None
    assert routes.read() == moved


def test_reason_stays_in_the_item_until_the_next_change(routes: RouteTable) -> None:
    back = Routes(current=EDGE, replaced=AWS, since_ms=1).set_back("it failed", now_ms=2)
    assert routes.replace(None, back)
    seen = routes.read()
    assert seen is not None
    assert seen.set_back_because == "it failed"

    assert routes.replace(seen, seen.changed(EDGE, now_ms=3))

    again = routes.read()
    assert again is not None
    assert (again.replaced, again.set_back_because) == (AWS, None)
