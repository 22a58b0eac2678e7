"""What `python -m ops status` makes of what it reads. The run on a stack is tests/local/verify/."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber
from rich.console import Console

from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import EdgeHealth, Routes
from ops.deployed import DeployedStack, cloudwatch_of
from ops.redrive import LANES
from ops.status.rates import read_watched
from ops.status.reading import (
    FunctionReading,
    Problems,
    QueueReading,
    RatesReading,
    Reading,
    TokenReading,
    TokensReading,
    VersionsReading,
)
from ops.status.routing import routing_of
from ops.status.show import age, shown
from ops.verify.config import Config
from ops.verify.target import Target

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient

NOW = 1_750_000_000.0
QUEUE = "http://127.0.0.1:9/000000000000/"
AWS, EDGE = Policy(), Policy(edge_is_on=True)
READING = Reading(
    stack="dev",
    at=NOW,
    queues=[
        QueueReading(
            name="broadcast", waiting=3, in_flight=1, delayed=0, oldest_seconds=95, dead_letters=2
        )
    ],
    tokens=TokensReading(
        tokens=[
            TokenReading(token="MINT", connections={"aws": 7, "edge": None}, last_trade_seconds=30)
        ],
        left_out=4,
        aws_connections=9,
    ),
    routing=routing_of(Routes(current=AWS), AWS, now=NOW),
    rates=RatesReading(
        minutes=15,
        counts={"Accepted": 90, "Unavailable": 10, "Published.edge": 40, "EdgeFailures": 1},
        p99_ms={"WebhookTime": 120.4},
        function_errors={"webhook": 2},
    ),
    versions=VersionsReading(
        functions=[FunctionReading(name="webhook", code="abcdefgh", updated="2026-11-26")],
        worker="a-version",
    ),
    problems=[],
)


def text_of(reading: Reading) -> str:
    out = StringIO()
    Console(file=out, width=100).print(shown(reading))
    return out.getvalue()


def a_target() -> Target:
    outputs = {lane.queue_output: f"{QUEUE}{lane.name}" for lane in LANES}
    outputs |= {"LaterQueueUrl": f"{QUEUE}later"}
    deployed = DeployedStack("dev", {**outputs, "FunctionNames": {"webhook": "glow-dev-Webhook"}})
    config = Config(webhook_secret="s", edge_secret=None, sol_usd_max_age_seconds=180)
    return Target(deployed=deployed, config=config)


def test_tables_show_what_waits_who_listens_and_what_fails() -> None:
    text = text_of(READING)

    for part in ("broadcast", "95 s", "MINT", "30 s", "4 more tokens", "10.0 %", "2.5 %", "120 ms"):
        assert part in text, part
    assert "errors of webhook" in text
    assert "a-version" in text


def test_part_that_could_not_be_read_is_named_beside_the_others() -> None:
    text = text_of(replace(READING, queues=None, problems=["the queues could not be read: denied"]))

    assert "the queues could not be read: denied" in text
    assert "MINT" in text


def test_json_has_the_same_figures() -> None:
    told = json.loads(json.dumps(READING.to_dict()))

    assert told["queues"][0]["oldestSeconds"] == 95
    assert told["tokens"]["tokens"][0]["connections"] == {"aws": 7, "edge": None}
    assert (told["rates"]["refusedPercent"], told["rates"]["edgeFailedPercent"]) == (10.0, 2.5)


def test_share_of_nothing_is_not_known() -> None:
    rates = RatesReading(minutes=15, counts={}, p99_ms={}, function_errors={})

    assert (rates.refused_percent, rates.edge_failed_percent) == (None, None)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (0.4, "0 s"), (119, "119 s"), (120, "2 min"), (7_300, "2 h"), (172_800, "2 d")],
)
def test_age_is_told_in_the_largest_unit_of_which_there_are_two(
    seconds: float | None, text: str
) -> None:
    assert age(seconds) == text


def test_migration_under_way_is_told_with_its_step() -> None:
    routes = Routes(current=AWS).changed(EDGE, now_ms=int(NOW * 1_000))

    told = routing_of(routes, EDGE, now=NOW)

    assert told.under_way is not None
    assert told.under_way.startswith("serve: rooms are told to serve, in 7 s")
    assert (told.replaced, told.drift) == (1, None)


def test_routing_that_no_up_has_made_is_told() -> None:
    told = routing_of(Routes(current=AWS), EDGE, now=NOW)

    assert told.drift is not None
    assert "edge for 100 % of the tokens" in told.drift


def test_edge_that_is_down_is_told_with_since_when() -> None:
    health = EdgeHealth(state="down", since_ms=int((NOW - 300) * 1_000))

    told = routing_of(Routes(current=EDGE, health=health), EDGE, now=NOW)
    text = text_of(replace(READING, routing=told))

    assert "edge down for 5 min" in text


def test_minutes_of_cloudwatch_become_sums_worst_percentiles_and_newest_ages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = cloudwatch_of(QUEUE)

    def is_it(_queue_url: str) -> CloudWatchClient:
        return client

    monkeypatch.setattr("ops.verify.target.cloudwatch_of", is_it)
    then = datetime.fromtimestamp(NOW, UTC)
    minutes = [then - timedelta(minutes=each) for each in (1, 2, 14)]

    def result(index: int, values: list[float]) -> dict[str, object]:
        return {"Id": f"q{index}", "Timestamps": minutes[: len(values)], "Values": values}

    # By the order of the questions: 10 counts, 3 times, 1 function, then the queues.
    results = [result(0, [1, 2, 4]), result(10, [5, 9]), result(13, [1]), result(14, [70, 90])]
    with Stubber(client) as stubbed:
        stubbed.add_response(
            "get_metric_data",
            {"MetricDataResults": results},
            {"MetricDataQueries": ANY, "StartTime": ANY, "EndTime": then},
        )
        watched = read_watched(a_target(), now=NOW)

    assert watched.rates.counts == {"Accepted": 7}
    assert watched.rates.p99_ms == {"WebhookTime": 9}
    assert watched.rates.function_errors == {"webhook": 1}
    assert watched.oldest_seconds == {"broadcast": 70}


def test_what_aws_refuses_is_a_problem_and_the_rest_is_read() -> None:
    problems = Problems()

    def refused() -> int:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetMetricData")

    assert problems.read("CloudWatch", refused) is None
    assert problems.read("the queues", lambda: 1) == 1
    (told,) = problems.told
    assert "CloudWatch" in told
    assert "AccessDenied" in told
