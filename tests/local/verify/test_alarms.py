"""Alarms as they are deployed: causes go through the stack, and out of its logs and queues come the
metrics that ring. The emulator makes no metrics of logs: that is done here, as CloudWatch does it.

Every cause of every alarm is in tests/functions/test_metrics.py."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pytest

from functions.glow import metrics
from functions.glow.token import PROBE_TOKEN
from local.cloud import LocalCloud
from ops.logs.functions import FunctionLogs
from ops.verify.sender import a_trade
from ops.verify.target import Target
from tests.functions.cloudwatch import Points, points_of, state_of
from tests.local.aws import Aws
from tests.local.verify.breaking import Stage, mapping_is_off, worker_is_gone
from tests.local.wire import Wire, wait_for

Alarm = Mapping[str, Any]

PROTOCOLS: Final = {"5xx": "HTTP", "MessageCount": "WEBSOCKET"}
"""Of the API that has such a metric."""
OF_THE_MACHINE: Final = {
    metric.name
    for metric in (metrics.EDGE_FAILURE_PERCENT, metrics.EDGE_POST_MS, metrics.WEBHOOK_MS)
}
"""One that is busy answers late, and finds others late: what rings for these is not asked."""


@pytest.fixture(scope="module")
def alarms(aws: Aws, target: Target) -> Mapping[str, Alarm]:
    """By the ends of their names, with keys as tests/functions/cloudwatch.py knows them."""
    prefix = f"glow-{target.name}-"
    pages = aws.client("cloudwatch").get_paginator("describe_alarms").paginate()
    return {
        alarm["AlarmName"].removeprefix(prefix): {
            **{f"{key[0].lower()}{key[1:]}": value for key, value in alarm.items()},
            "dimensions": {each["Name"]: each["Value"] for each in alarm["Dimensions"]},
        }
        for page in pages
        for alarm in page["MetricAlarms"]
        if alarm["AlarmName"].startswith(prefix)
    }


@dataclass(frozen=True)
class Scene(Stage):
    """Pushes causes, and reads what the webhook logs of them."""

    wire: Wire

    def post(self, body: object, *, status: int) -> list[Points]:
        """Post it for the reserved token until it has that status, as a busy machine answers 503."""
        began_ms = time.time() * 1_000
        wait_for(
            lambda: self.wire.post(body, token=PROBE_TOKEN),
            lambda answer: answer.status_code == status,
            f"{status} of the webhook",
        )
        logs = FunctionLogs.of(self.target)

        def logged() -> list[Points]:
            now_ms = time.time() * 1_000
            events = logs.events("webhook", since_ms=began_ms, until_ms=now_ms)
            lines = [event.message for event in events if event.message.startswith("{")]
            return [points for line in lines for points in points_of(line)]

        return wait_for(logged, bool, "the metrics of a post")

    def trade(self) -> list[Points]:
        return self.post(a_trade("alarms"), status=200)


@pytest.fixture
def scene(target: Target, aws: Aws, cloud: LocalCloud, wire: Wire) -> Scene:
    return Scene(target, aws, cloud, wire)


@dataclass(frozen=True)
class Cause:
    """What goes wrong, told by the metrics of one period, and the alarm that rings for it."""

    happen: Callable[[Scene], Sequence[Points]]
    rings: str


def bad_body(scene: Scene) -> Sequence[Points]:
    return scene.post("not JSON", status=400)


def trade_without_a_worker(scene: Scene) -> Sequence[Points]:
    with worker_is_gone(scene):
        return scene.trade()


def trade_without_a_mapping(scene: Scene) -> Sequence[Points]:
    """A minute later, as nobody takes it. The emulator may take some before it sees the change."""
    url = scene.target.deployed.text("BroadcastQueueUrl")
    said: list[Points] = []

    def waiting() -> int:
        said.extend(scene.trade())
        return scene.aws.queued(url)

    with mapping_is_off(scene):
        wait_for(waiting, bool, "an update that waits")
    return [*said, of_queue(url, "ApproximateAgeOfOldestMessage", 61)]


def poison(scene: Scene) -> Sequence[Points]:
    deployed = scene.target.deployed
    dead_letters = deployed.text("BroadcastDeadLetterQueueUrl")
    scene.aws.client("sqs").send_message(
        QueueUrl=deployed.text("BroadcastQueueUrl"),
        MessageBody="not JSON",
        MessageGroupId="poison",
        MessageDeduplicationId=f"poison{time.time_ns()}",
    )
    lying = wait_for(lambda: scene.aws.queued(dead_letters), bool, "a dead letter")
    assert len(scene.aws.take(dead_letters)) == lying
    return [of_queue(dead_letters, "ApproximateNumberOfMessagesVisible", lying)]


def of_queue(url: str, metric: str, value: float) -> Points:
    return Points("AWS/SQS", metric, {"QueueName": url.rpartition("/")[2]}, [value])


CAUSES: Final = (
    Cause(bad_body, rings="WebhookRefused"),
    Cause(trade_without_a_worker, rings="EdgeFailing"),
    Cause(trade_without_a_mapping, rings="BroadcastLate"),
    Cause(poison, rings="BroadcastDeadLetters"),
)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.happen.__name__)
def test_alarm_rings_alone_for_what_happens_to_the_stack(
    cause: Cause, scene: Scene, alarms: Mapping[str, Alarm]
) -> None:
    good = scene.trade()
    bad = cause.happen(scene)

    def ringing(points: Sequence[Points]) -> set[str]:
        periods = [points] * 60
        states = {name: state_of(alarm, periods) for name, alarm in alarms.items()}
        return {name for name, state in states.items() if state == "ALARM"}

    of_the_machine = {
        name for name, alarm in alarms.items() if alarm["metricName"] in OF_THE_MACHINE
    }
    assert ringing(good) <= of_the_machine
    assert cause.rings in ringing(bad)
    assert ringing(bad) <= {cause.rings, *of_the_machine}


def test_every_alarm_watches_what_is_deployed(scene: Scene, alarms: Mapping[str, Alarm]) -> None:
    [stack] = {each.dimensions["Stack"] for each in scene.trade() if each.namespace == "Glow"}
    queues = scene.aws.client("sqs").list_queues()["QueueUrls"]
    apis = scene.aws.client("apigatewayv2").get_apis()["Items"]
    protocols = {api["ApiId"]: api["ProtocolType"] for api in apis}
    there = {
        "Stack": {stack},
        "FunctionName": {*scene.target.deployed.function_names.values()},
        "QueueName": {url.rpartition("/")[2] for url in queues},
        "ApiId": protocols.keys(),
    }

    watched = {name: [*alarm["dimensions"].items()] for name, alarm in alarms.items()}

    assert {kind for [(kind, _)] in watched.values()} == there.keys()
    assert [name for name, [(kind, value)] in watched.items() if value not in there[kind]] == []
    of_apis = [alarm for alarm in alarms.values() if "ApiId" in alarm["dimensions"]]
    assert {
        alarm["metricName"]: protocols[alarm["dimensions"]["ApiId"]] for alarm in of_apis
    } == PROTOCOLS
