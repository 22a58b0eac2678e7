"""The dashboard: every alarm on it with its limit, and both paths side by side."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from tests.stack.dashboard_picture import COMMAND, declared_widgets, picture_of
from tests.stack.recording import Deployment, deploy
from workspace.paths import REPOSITORY

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
PICTURE = REPOSITORY / "docs" / "dashboard.svg"
WIDTH = 24

Widget = Mapping[str, Any]


@pytest.fixture(scope="module")
def stack() -> Deployment:
    return deploy(config={"alarms": '{"noTradeMinutes": 10}', "routing": '{"autoRollback": true}'})


@pytest.fixture(scope="module")
def widgets(stack: Deployment) -> Sequence[Widget]:
    return _widgets(stack)


def test_every_alarm_is_shown_with_its_metric_and_its_limit(
    stack: Deployment, widgets: Sequence[Widget]
) -> None:
    graphs = [each["properties"] for each in widgets if each["type"] == "metric"]
    [status] = [each["properties"] for each in widgets if each["type"] == "alarm"]
    alarms = [each.inputs for each in stack.of_type(ALARM)]

    assert sorted(status["alarms"]) == sorted(f"arn:MetricAlarm:{each['name']}" for each in alarms)
    for alarm in alarms:
        ((dimension, resource),) = alarm["dimensions"].items()
        statistic = alarm.get("statistic") or alarm["extendedStatistic"]
        line = [alarm["namespace"], alarm["metricName"], dimension, resource]
        [graph] = [
            graph
            for graph in graphs
            for *shown, options in graph["metrics"]
            if (shown, options["stat"], options["period"]) == (line, statistic, alarm["period"])
        ]
        limits = [limit["value"] for limit in graph["annotations"]["horizontal"]]
        assert alarm["threshold"] in limits, alarm["name"]


def test_both_paths_are_side_by_side(widgets: Sequence[Widget]) -> None:
    half = WIDTH // 2
    left = [each for each in widgets if (each["x"], each["width"]) == (0, half)]
    right = [each for each in widgets if (each["x"], each["width"]) == (half, half)]

    assert [each["y"] for each in left] == [each["y"] for each in right]
    assert _titles(left)[:4] == [
        "## Path over AWS",
        "Updates",
        "Updates that failed",
        "Latency, ms",
    ]
    assert _titles(right)[:4] == [
        "## Path over the edge",
        "Updates",
        "Updates that failed, and their share in %",
        "Latency, ms",
    ]


def test_no_widget_covers_another(widgets: Sequence[Widget]) -> None:
    cells = [cell for widget in widgets for cell in _cells(widget)]

    assert len(cells) == len(set(cells))
    assert all(0 <= x < WIDTH for x, _ in cells)


def test_panel_of_what_the_stack_does_not_have_is_still_a_graph() -> None:
    quiet = deploy(config={"jupiterRequestsPerMinute": "0"})

    graphs = [each["properties"] for each in _widgets(quiet) if each["type"] == "metric"]
    assert all(graph["metrics"] for graph in graphs)


def test_picture_in_the_docs_is_that_of_the_declaration() -> None:
    assert PICTURE.read_text() == picture_of(declared_widgets()), f"Run: {COMMAND}"


def _widgets(deployment: Deployment) -> Sequence[Widget]:
    body = deployment.named("glow-monitoring-dashboard").inputs["dashboardBody"]
    return json.loads(body)["widgets"]


def _titles(widgets: Sequence[Widget]) -> list[str]:
    shown = [each["properties"] for each in widgets]
    return [each.get("title") or each["markdown"] for each in shown]


def _cells(widget: Widget) -> Iterator[tuple[int, int]]:
    for x in range(widget["x"], widget["x"] + widget["width"]):
        for y in range(widget["y"], widget["y"] + widget["height"]):
            yield x, y
