"""Routes over time: a client that goes where discovery says, or just said, hears updates there."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import (
    CACHE_SECONDS,
    SETTLE_MS,
    EdgeHealth,
    Routes,
    parse_health,
    parse_previous,
    previous_to_json,
)
from tests.unit.test_routing import POLICIES, REGIONS, TOKENS

NOW_MS = 1_750_000_000_000
GRACE_MS = 60_000
EDGE, AWS = Policy(edge_is_on=True), Policy()
CACHE_MS = int(CACHE_SECONDS * 1_000)
# Policies, each in force for so many ms before the next.
HISTORIES = st.lists(st.tuples(POLICIES, st.integers(0, 90_000)), min_size=2, max_size=5)


def history(changes: list[tuple[Policy, int]]) -> list[tuple[int, Routes]]:
    """The item after each of `changes`, and when it was written, as RouteMover writes it."""
    routes = Routes(current=changes[0][0])
    written = [(NOW_MS, routes)]
    now_ms = NOW_MS + changes[0][1]
    for policy, lasts_ms in changes[1:]:
        changed = routes.changed(policy, now_ms=now_ms)
        if changed is not routes:
            written.append((now_ms, changed))
            now_ms += SETTLE_MS
            changed = changed.announced(until_ms=now_ms + GRACE_MS)
            written.append((now_ms, changed))
        routes = changed
        now_ms += lasts_ms
    return written


def seen_at(written: list[tuple[int, Routes]], now_ms: int) -> Routes:
    return [routes for since_ms, routes in written if since_ms <= now_ms][-1]


@settings(max_examples=1_000)  # the faults that it looks for last a few seconds of a minute
@given(
    HISTORIES,
    TOKENS,
    st.none() | REGIONS,
    st.integers(0, 9),
    st.integers(0, 10_000),
    st.integers(0, CACHE_MS),
)
def test_every_publisher_serves_the_path_that_discovery_tells(
    changes: list[tuple[Policy, int]],
    token: str,
    region: str | None,
    change: int,
    after_ms: int,
    lag_ms: int,
) -> None:
    """A publisher's item may be CACHE_SECONDS old, and so may the one that discovery has."""
    written = history(changes)
    now_ms = written[change % len(written)][0] + after_ms  # soon after one of the writes
    publisher = seen_at(written, max(now_ms - lag_ms, NOW_MS))

    for discovery in (seen_at(written, now_ms), publisher):
        path = discovery.path(token, region=region, now_ms=now_ms)
        assert path in publisher.open_paths(token, now_ms=now_ms)


@given(HISTORIES, TOKENS, st.integers(0, 400_000))
def test_path_goes_on_for_the_grace_after_discovery_last_told_it(
    changes: list[tuple[Policy, int]], token: str, after_ms: int
) -> None:
    written, now_ms = history(changes), NOW_MS + after_ms
    told = seen_at(written, now_ms).path(token, region=None, now_ms=now_ms)

    for later_ms in range(now_ms, now_ms + GRACE_MS, 5_000):
        assert told in seen_at(written, later_ms).open_paths(token, now_ms=later_ms)


@given(HISTORIES)
def test_previous_policies_are_the_same_after_they_were_written_down(
    changes: list[tuple[Policy, int]],
) -> None:
    for _, routes in history(changes):
        assert parse_previous(previous_to_json(routes.previous)) == tuple(routes.previous)


def test_change_takes_its_time() -> None:
    routes = Routes(current=AWS).changed(EDGE, now_ms=NOW_MS)

    def told(at_ms: int) -> str:
        return routes.path("SOL", region=None, now_ms=at_ms)

    assert routes.open_paths("SOL", now_ms=NOW_MS) == {"aws", "edge"}
    assert (told(NOW_MS), told(NOW_MS + SETTLE_MS - 1)) == ("aws", "aws")
    assert told(NOW_MS + SETTLE_MS) == "edge"
    assert not routes.is_announced
    # Announced to nobody: both paths go on, for as long as that takes.
    assert routes.open_paths("SOL", now_ms=NOW_MS + 10**9) == {"aws", "edge"}


def test_grace_begins_with_the_announcement() -> None:
    until_ms = NOW_MS + SETTLE_MS + GRACE_MS
    routes = Routes(current=AWS).changed(EDGE, now_ms=NOW_MS).announced(until_ms=until_ms)

    assert routes.is_announced
    assert routes.open_paths("SOL", now_ms=until_ms - 1) == {"aws", "edge"}
    assert routes.open_paths("SOL", now_ms=until_ms) == {"edge"}


def test_change_within_the_grace_of_another_keeps_both_of_the_old_paths() -> None:
    """A token may go aws, edge, edge by percentage: its clients on aws still have the first grace."""
    ten, fifty = (Policy(edge_is_on=True, edge_percent=percent) for percent in (30, 60))
    first = Routes(current=AWS).changed(ten, now_ms=NOW_MS)
    first = first.announced(until_ms=NOW_MS + SETTLE_MS + GRACE_MS)

    second = first.changed(fifty, now_ms=NOW_MS + 20_000)

    assert second.open_paths("TOKEN2", now_ms=NOW_MS + 30_000) == {"aws", "edge"}
    assert second.open_paths("TOKEN2", now_ms=NOW_MS + SETTLE_MS + GRACE_MS) == {"edge"}


def test_same_policy_is_no_change() -> None:
    routes = Routes(current=EDGE)

    assert routes.changed(EDGE, now_ms=NOW_MS) is routes


DOWN = EdgeHealth(state="down", since_ms=NOW_MS)


def test_edge_that_is_down_has_aws_carry_its_tokens_before_its_clients_come() -> None:
    routes = Routes(current=EDGE, health=DOWN)

    def told(at_ms: int) -> str:
        return routes.path("SOL", region=None, now_ms=at_ms)

    assert routes.open_paths("SOL", now_ms=NOW_MS) == {"aws", "edge"}
    assert (told(NOW_MS + SETTLE_MS - 1), told(NOW_MS + SETTLE_MS)) == ("edge", "aws")
    assert routes.is_fallback("SOL", region=None, now_ms=NOW_MS + SETTLE_MS)
    assert routes.lasting_paths("SOL") == {"aws", "edge"}


def test_edge_that_recovers_gets_its_clients_back_and_aws_goes_on_until_all_know() -> None:
    unannounced = EdgeHealth(state="recovering", since_ms=NOW_MS)
    routes = Routes(current=EDGE, health=unannounced)
    ending = replace(routes, health=replace(unannounced, until_ms=NOW_MS + GRACE_MS))

    assert routes.path("SOL", region=None, now_ms=NOW_MS) == "edge"
    assert routes.open_paths("SOL", now_ms=NOW_MS + 10**9) == {"aws", "edge"}
    assert routes.lasting_paths("SOL") == {"edge"}
    assert ending.open_paths("SOL", now_ms=NOW_MS + GRACE_MS) == {"edge"}


def test_token_that_aws_carries_anyway_is_no_fallback() -> None:
    routes = Routes(current=Policy(edge_is_on=True, edge_percent=0), health=DOWN)

    assert not routes.is_fallback("SOL", region=None, now_ms=NOW_MS + SETTLE_MS)


SUSPECT = EdgeHealth(state="suspect", since_ms=NOW_MS, by="one")


def test_edge_that_is_only_suspected_is_served_as_before() -> None:
    well, suspect = Routes(current=EDGE), Routes(current=EDGE, health=SUSPECT)
    later_ms = NOW_MS + 10**6

    assert suspect.open_paths("SOL", now_ms=NOW_MS) == {"edge"}
    assert suspect.path("SOL", region=None, now_ms=later_ms) == "edge"
    assert suspect.lasting_paths("SOL") == well.lasting_paths("SOL")
    assert not suspect.is_fallback("SOL", region=None, now_ms=later_ms)


@pytest.mark.parametrize("health", [EdgeHealth(), DOWN, replace(DOWN, state="recovering"), SUSPECT])
def test_health_is_the_same_after_it_was_written_down(health: EdgeHealth) -> None:
    assert parse_health(health.to_json()) == health


REGIONAL = Policy(edge_is_on=True, aws_regions=frozenset({"us-east-1"}))


@pytest.mark.parametrize(
    ("before", "after", "leaves"),
    [
        pytest.param(AWS, EDGE, True, id="aws-carries-it-no-more"),
        pytest.param(AWS, REGIONAL, True, id="aws-carries-it-for-a-region-alone"),
        pytest.param(replace(EDGE, is_dual=True), EDGE, True, id="both-no-more"),
        pytest.param(EDGE, AWS, False, id="to-aws"),
        pytest.param(REGIONAL, replace(REGIONAL, edge_percent=99), False, id="stays-at-the-edge"),
    ],
)
def test_who_listens_on_aws_is_told_to_leave_where_the_edge_is_the_place(
    before: Policy, after: Policy, leaves: bool
) -> None:
    routes = Routes(current=before).changed(after, now_ms=NOW_MS)

    assert routes.leaves_aws("SOL") is leaves


def test_nobody_leaves_aws_for_an_edge_that_is_down() -> None:
    changed = Routes(current=AWS, health=DOWN).changed(EDGE, now_ms=NOW_MS)

    assert not changed.leaves_aws("SOL")
    recovering = replace(changed, health=EdgeHealth(state="recovering", since_ms=NOW_MS))
    assert recovering.leaves_aws("SOL")
