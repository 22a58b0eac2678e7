"""When the edge counts as down: a table of what was known, what a process found, and what follows."""

import pytest

from functions.glow.routing.routes import SETTLE_MS, EdgeHealth
from functions.glow.routing.suspicion import SUSPICION_MS, after_failure, after_success

NOW_MS = 1_750_000_000_000
WELL = EdgeHealth()
DOWN = EdgeHealth(state="down", since_ms=NOW_MS)


def suspected(*, by: str, ago_ms: int = 1) -> EdgeHealth:
    return EdgeHealth(state="suspect", since_ms=NOW_MS - ago_ms, by=by)


def recovering(*, until_ms: int | None) -> EdgeHealth:
    return EdgeHealth(state="recovering", since_ms=NOW_MS - 20_000, until_ms=until_ms)


SUSPECTED_NOW = suspected(by="us", ago_ms=0)


@pytest.mark.parametrize(
    ("health", "failing_seconds", "then"),
    [
        pytest.param(WELL, 0.0, SUSPECTED_NOW, id="at-once-is-a-suspicion"),
        pytest.param(WELL, 2.9, SUSPECTED_NOW, id="below-the-span-too"),
        pytest.param(WELL, 3.0, DOWN, id="over-the-span-is-down"),
        pytest.param(suspected(by="us"), 2.9, suspected(by="us"), id="own-suspicion-is-no-proof"),
        pytest.param(suspected(by="us"), 5.0, DOWN, id="own-one-over-the-span-is-down"),
        pytest.param(suspected(by="others"), 0.0, DOWN, id="second-process-confirms"),
        pytest.param(
            suspected(by="others", ago_ms=SUSPICION_MS), 0.0, SUSPECTED_NOW, id="old-one-is-void"
        ),
        pytest.param(DOWN, 9.0, DOWN, id="down-stays"),
        pytest.param(
            recovering(until_ms=None), 0.0, recovering(until_ms=None), id="recovery-is-not-undone"
        ),
        pytest.param(recovering(until_ms=None), 3.0, DOWN, id="recovery-fails-over-the-span"),
        pytest.param(
            recovering(until_ms=NOW_MS), 0.0, SUSPECTED_NOW, id="recovery-that-is-over-is-well"
        ),
    ],
)
def test_what_follows_when_a_circuit_opens(
    health: EdgeHealth, failing_seconds: float, then: EdgeHealth
) -> None:
    found = after_failure(health, failing_seconds=failing_seconds, process="us", now_ms=NOW_MS)

    assert found == then


@pytest.mark.parametrize(
    ("health", "then"),
    [
        pytest.param(WELL, WELL, id="well"),
        pytest.param(suspected(by="us"), EdgeHealth(since_ms=NOW_MS), id="own-suspicion-is-over"),
        pytest.param(suspected(by="others"), EdgeHealth(since_ms=NOW_MS), id="any-is"),
        pytest.param(DOWN, DOWN, id="not-all-publishers-know-yet"),
        pytest.param(
            EdgeHealth(state="down", since_ms=NOW_MS - SETTLE_MS),
            EdgeHealth(state="recovering", since_ms=NOW_MS),
            id="recovers",
        ),
        pytest.param(recovering(until_ms=None), recovering(until_ms=None), id="recovers-already"),
    ],
)
def test_what_follows_when_the_edge_takes_a_request(health: EdgeHealth, then: EdgeHealth) -> None:
    assert after_success(health, now_ms=NOW_MS) == then
