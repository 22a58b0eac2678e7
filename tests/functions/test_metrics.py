"""Metrics and alarms: each cause goes through the real handler, comes out as a metric, and rings."""

from __future__ import annotations

import json
import logging
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

import pytest

from functions.glow.holes.watch import SETTLE_SECONDS
from functions.glow.metrics import MAX_VALUES, QUOTA_PERCENT, WEBHOOK_MS, metered, record
from functions.glow.queues.publisher import QueuePublisher
from functions.glow.routing.table import RouteTable
from functions.glow.runtime import aws
from functions.glow.runtime.parallel import in_parallel
from functions.glow.sockets.fanout import MAX_BLAMED
from functions.glow.trades.base58 import encode
from functions.glow.trades.intake import Receipt
from functions.glow.trades.movements import WRAPPED_SOL
from functions.glow.trades.skip import Skip
from ops.cost.intake import METRICS_LINE_BYTES
from tests.functions.builders import (
    Context,
    a_batch,
    a_record,
    a_signature,
    a_simple_trade,
    a_token,
    an_http_event,
    an_update,
)
from tests.functions.chain import Chain, swaps
from tests.functions.cloud import REGION, STACK, Queue
from tests.functions.cloudwatch import Points, filtered, line_of, points_of, state_of
from tests.functions.conftest import Listen, Load
from tests.functions.edge import NEVER, PREVIOUS, Edge
from tests.functions.endpoint import Endpoint
from tests.functions.guard import ALARM, declare_alarm, move_to_the_edge, publish
from tests.functions.jupiter import Jupiter
from tests.serving import serving
from tests.stack.recording import Deployment, deploy

METRIC_FILTER: Final = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
METRIC_ALARM: Final = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE_ALARM: Final = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
NO_TRADE_MINUTES: Final = 3
SECRET: Final = "current"  # as the functions of these tests have it
TRIES: Final = 10
SLOWEST_MS: Final = {"WebhookTime": 800, "DeliveryTime": 1_000, "EdgePostTime": 200}

Alarms = Mapping[str, Mapping[str, Any]]


@cache
def deployment() -> Deployment:
    stack = STACK.removeprefix("glow-")
    config = {
        "alarms": f'{{"noTradeMinutes": {NO_TRADE_MINUTES}}}',
        "routing": '{"autoRollback": true}',
    }
    return deploy(stack, config=config)


@pytest.fixture(scope="module")
def deployed() -> tuple[Alarms, Alarms]:
    """The alarms of a stack by the ends of their resource names, and the composite ones."""

    def by_slug(kind: str) -> Alarms:
        return {
            resource.name.removeprefix("glow-monitoring-"): resource.inputs
            for resource in deployment().of_type(kind)
        }

    return by_slug(METRIC_ALARM), by_slug(COMPOSITE_ALARM)


@pytest.fixture
def alarms(deployed: tuple[Alarms, Alarms]) -> Alarms:
    return deployed[0]


class Scene:
    """Pushes causes through the handlers, and reads what they log."""

    def __init__(
        self,
        load: Load,
        parts: Mapping[str, Any],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        self.load = load
        self.queue: Queue = parts["queue"]
        self.retry_queue: Queue = parts["retry_queue"]
        self.dead_letters: Queue = parts["dead_letters"]
        self.edge: Edge = parts["edge"]
        self.endpoint: Endpoint = parts["endpoint"]
        self.jupiter: Jupiter = parts["jupiter"]
        self.routes: RouteTable = parts["routes"]
        self.listen: Listen = parts["listen"]
        self._caplog = caplog
        self._of_aws: list[Points] = []
        caplog.set_level(logging.INFO)

    @property
    def points(self) -> list[Points]:
        """All so far."""
        logged = [points for each in self._caplog.records for points in points_of(line_of(each))]
        return [*logged, *self._of_aws]

    @property
    def values(self) -> Mapping[str, Sequence[float]]:
        """By metric, those of the stack itself."""
        own = [each for each in self.points if each.namespace == "Glow"]
        assert all(each.dimensions == {"Stack": STACK} for each in own)
        found: dict[str, list[float]] = {}
        for each in own:
            found.setdefault(each.name, []).extend(each.values)
        return found

    def forget(self) -> None:
        self._caplog.clear()
        self._of_aws.clear()

    def aws_reports(self, name: str, value: float, **dimensions: str) -> None:
        """AWS's own metric, such as `AWS/SQS ApproximateAgeOfOldestMessage`."""
        namespace, _, metric = name.partition(" ")
        self._of_aws.append(Points(namespace, metric, dimensions, [value]))

    def api_answers(self, status: int, path: str) -> None:
        """API Gateway writes a line into its access log, as the stack declares it."""
        line = str(deployment().named("glow-rest-stage").inputs["accessLogSettings"]["format"])
        for variable, value in {"path": path, "status": status}.items():
            line = line.replace(f"$context.{variable}", str(value))
        for each in deployment().of_type(METRIC_FILTER):
            self._of_aws += filtered(each.inputs, line)

    def post(self, body: str, *, secret: str = SECRET, token: str = "", **variables: str) -> int:
        headers = {"authorization": f"Bearer {secret}"} | ({"x-token": token} if token else {})
        event = an_http_event("POST /webhook/price", headers=headers, body=body)
        tokens = [a_token()] if variables.pop("OTHER_TOKENS", "") else []
        status = self.load("webhook", tokens=tokens, **variables).handler(event, None)["statusCode"]
        self.aws_reports("AWS/ApiGateway 5xx", int(status >= 500), ApiId="glow-rest-api-id")
        return status

    def trade(self, *, signature: str = "", token: str = "", **variables: str) -> int:
        body = a_simple_trade(tx_signature=signature or a_signature(), timestamp=int(time.time()))
        return self.post(body, token=token or a_token(), **variables)

    def broadcast(self, clients: int, *, waited_ms: int = 0) -> None:
        """An update over the real queue to so many clients. `waited_ms`: how much longer it lay there."""
        update = an_update(a_token())
        self.listen(update.token, clients)
        QueuePublisher(aws.sqs(REGION), self.queue.url, name="the queue").publish([update])
        records = self.queue.receive()
        for each in records:
            sent_ms = int(each["attributes"]["SentTimestamp"]) - waited_ms
            each["attributes"] = {**each["attributes"], "SentTimestamp": str(sent_ms)}
        self.load("broadcast").handler(a_batch(records), Context())

    def collect_quotes(self) -> None:
        quotes = self.load(
            "quotes", JUPITER_URL=self.jupiter.url, JUPITER_API_KEY="a-key-0123456789"
        )
        quotes.handler({}, None)

    def retry_at_the_edge(self) -> None:
        update = an_update(a_token())
        QueuePublisher(aws.sqs(REGION), self.retry_queue.url, name="it").publish([update])
        self.load("edge_retry").handler(a_batch(self.retry_queue.receive()), Context())


@pytest.fixture
def scene(
    load: Load,
    queue: Queue,
    retry_queue: Queue,
    dead_letters: Queue,
    edge: Edge,
    endpoint: Endpoint,
    listen: Listen,
    routes: RouteTable,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Scene]:
    with Jupiter() as jupiter:
        parts = {
            "queue": queue,
            "retry_queue": retry_queue,
            "dead_letters": dead_letters,
            "edge": edge,
            "endpoint": endpoint,
            "jupiter": jupiter,
            "routes": routes,  # emptied: SOL/USD lies in it
            "listen": listen,
        }
        yield Scene(load, parts, caplog)


def a_trade_twice(scene: Scene) -> None:
    token, signature = a_token(), a_signature()
    scene.trade(signature=signature, token=token)
    scene.trade(signature=signature, token=token)


def a_trade_at_the_edge(scene: Scene) -> None:
    scene.trade(USE_EDGE_BROADCAST="true", CALL_TIMEOUT_MS="5000")


def the_edge_fails(scene: Scene) -> None:
    scene.edge.answer = lambda _post: 500
    a_trade_at_the_edge(scene)


def the_edge_is_slow(scene: Scene) -> None:
    scene.edge.answer = lambda _post: NEVER
    a_trade_at_the_edge(scene)


def the_edge_knows_only_the_previous_secret(scene: Scene) -> None:
    scene.edge.answer = lambda post: 200 if post.bearer == PREVIOUS else 401
    a_trade_at_the_edge(scene)


def a_dependency_is_silent(scene: Scene) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        scene.trade(AWS_ENDPOINT_URL_DYNAMODB=url, CALL_TIMEOUT_MS="30000")


def the_queue_is_missing(scene: Scene) -> None:
    scene.trade(BROADCAST_QUEUE_URL=f"{scene.queue.url}-missing")


def no_client_can_be_posted_to(scene: Scene) -> None:
    scene.endpoint.behaviour.statuses["*"] = 500
    scene.broadcast(MAX_BLAMED + 1)


def jupiter_knows_no_sol(scene: Scene) -> None:
    scene.jupiter.prices.pop(WRAPPED_SOL)
    scene.collect_quotes()


def a_trade_is_missing(scene: Scene) -> None:
    """The chain has three trades of a token, the stack the first one."""
    mint = encode(b"\x05" * 16 + bytes.fromhex(a_signature()))
    history = swaps(3, first_second=int(time.time()) - 2 * SETTLE_SECONDS, mint=mint)
    scene.post(json.dumps(history[:1]))
    with serving(Chain(history, is_plain=True)) as chain:
        holes = scene.load("holes", tokens=[mint], addresses=[mint], RPC_URL=chain.url)
        holes.handler({}, None)


def glow_fails_at_a_transaction(_: Scene) -> None:
    """No body is known that it fails at."""
    skip = Skip(None, None, "internal_error", "an error of ours, it is logged")
    metered("webhook_answered", stack=STACK)(Receipt(0, 0, [skip]).record)()


def poison_is_broadcast(scene: Scene) -> None:
    scene.load("broadcast").handler(a_batch([a_record("not JSON")]), Context())
    scene.aws_reports(
        "AWS/SQS ApproximateNumberOfMessagesVisible",
        scene.dead_letters.size(),
        QueueName="glow-test-BroadcastDeadLetterQueue.fifo",
    )


def the_edge_fails_again(scene: Scene) -> None:
    scene.edge.answer = lambda _post: 500
    scene.retry_at_the_edge()


def a_move_to_the_edge_goes_wrong(scene: Scene) -> None:
    declare_alarm()
    move_to_the_edge(scene.routes)
    publish(STACK, updates=100, failures=30)
    scene.load("route_guard", ROUTE_ALARM=ALARM).handler({}, None)


def helius_sends(body: str, **variables: str) -> Callable[[Scene], object]:
    return lambda scene: scene.post(body, **variables)


def aws_reports(name: str, value: float, **dimensions: str) -> Callable[[Scene], None]:
    return lambda scene: scene.aws_reports(name, value, **dimensions)


Cause = Callable[[Scene], object]
ANY: Final = None

METRICS: Final[Sequence[tuple[Cause, Mapping[str, float | None]]]] = [
    (a_trade_twice, {"Accepted": 2, "Stored": 1, "Duplicates": 1, "Published.aws": 2}),
    (a_trade_twice, {"WebhookTime": ANY}),
    (lambda s: s.trade(OTHER_TOKENS="yes"), {"Refused": 1, "Refused.404": 1}),
    (helius_sends("[{}]"), {"Accepted": 1, "Skipped.damaged": 1}),
    (glow_fails_at_a_transaction, {"Skipped.internal_error": 1, "Refused": 1}),
    (helius_sends("not JSON"), {"Refused": 1, "Refused.400": 1}),
    (helius_sends("x" * (4 * 1024 * 1024 + 1)), {"Refused": 1, "Refused.413": 1}),
    (helius_sends("[]", secret="wrong"), {"Unauthorized": 1, "Refused.401": 1}),
    (helius_sends("[]", secret="previous"), {"Accepted": 1, "PreviousSecret": 1}),
    (the_queue_is_missing, {"Unavailable": 1}),
    (a_dependency_is_silent, {"Unavailable": 1, "WebhookTime": ANY}),
    (a_trade_at_the_edge, {"Published.edge": 1, "EdgeFailureShare": 0, "EdgePostTime": ANY}),
    (the_edge_fails, {"Published.edge": 1, "EdgeFailures": 1, "EdgeFailureShare": 100}),
    (the_edge_knows_only_the_previous_secret, {"Published.edge": 1, "EdgePreviousSecret": 1}),
    (lambda s: s.broadcast(3), {"Posts": 3, "FanOutTime": ANY, "DeliveryTime": ANY}),
    (lambda s: s.broadcast(3), {"PostQuotaShare": ANY}),
    (no_client_can_be_posted_to, {"Returned": 1}),
    (Scene.retry_at_the_edge, {"EdgeRetryDelivered": 1}),
    (the_edge_fails_again, {"EdgeRetryReturned": 1}),
    (Scene.collect_quotes, {"SolUsdAge": ANY}),
    (jupiter_knows_no_sol, {"SolUsdAge": 86_400}),
    (a_trade_is_missing, {"Holes": 1}),
    (a_move_to_the_edge_goes_wrong, {"RoutingSetBack": 1}),
]


@pytest.mark.parametrize(("cause", "metrics"), METRICS)
def test_cause_comes_out_as_a_metric(
    scene: Scene, cause: Cause, metrics: Mapping[str, float | None]
) -> None:
    cause(scene)

    values = scene.values
    assert values.keys() >= metrics.keys()
    told = {name: sum(values[name]) for name, value in metrics.items() if value is not ANY}
    assert told == {name: value for name, value in metrics.items() if value is not ANY}


def test_secret_that_is_current_counts_as_nothing_old(scene: Scene) -> None:
    a_trade_at_the_edge(scene)

    assert not {"PreviousSecret", "EdgePreviousSecret"} & scene.values.keys()


def test_webhook_leaves_one_line_with_metrics(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    a_trade_at_the_edge(scene)

    lines = [line_of(record) for record in caplog.records if "_aws" in record.__dict__]
    assert len(lines) == 1
    assert '"message": "webhook_answered"' in lines[0]
    of_lambda = (
        '"timestamp": "2026-11-26T12:00:00.000Z", "logger": "glow", "requestId": "", ' + "0" * 36
    )
    assert 0.9 * METRICS_LINE_BYTES < len(lines[0]) + len(of_lambda) <= METRICS_LINE_BYTES


def test_stranger_who_sends_too_much_counts_as_a_stranger(scene: Scene) -> None:
    scene.post("x" * (4 * 1024 * 1024 + 1), secret="wrong")

    assert "Refused" not in scene.values
    assert sum(scene.values["Unauthorized"]) == 1


@pytest.fixture(scope="module")
def minutes() -> list[list[Points]]:
    """Filled by the first test that needs one."""
    return []


@pytest.fixture
def good(scene: Scene, minutes: list[list[Points]]) -> list[Points]:
    """What is reported in a minute in which all is well."""
    if not minutes:
        minutes.append(well(scene))
    return minutes[0]


def well(scene: Scene) -> list[Points]:
    """As far as this busy machine lets it be well."""
    for _ in range(TRIES):
        scene.forget()
        scene.post("[]", secret="wrong")
        a_trade_at_the_edge(scene)
        scene.broadcast(1)
        scene.collect_quotes()
        values = scene.values
        if values.get("Stored") and all(
            max(values[name]) < slowest_ms for name, slowest_ms in SLOWEST_MS.items()
        ):
            return scene.points
        scene.queue.take()
    raise AssertionError(f"this machine is too busy: {scene.values}")


CAUSES: Final[Mapping[str, Cause]] = {
    "api-5xx": the_queue_is_missing,
    "refused": helius_sends("not JSON"),
    "slow": a_dependency_is_silent,
    "throttled": aws_reports(
        "AWS/Lambda Throttles", 1, FunctionName="glow-test-HeliusPriceWebhook"
    ),
    "route-throttled": lambda scene: scene.api_answers(429, "/webhook/price"),
    "no-trade": helius_sends("[]", secret="wrong"),
    "late": aws_reports(
        "AWS/SQS ApproximateAgeOfOldestMessage", 61, QueueName="glow-test-BroadcastQueue.fifo"
    ),
    "returned": no_client_can_be_posted_to,
    "quota": aws_reports("AWS/ApiGateway MessageCount", 8_001 * 60, ApiId="glow-websocket-api-id"),
    "aws-latency": lambda scene: scene.broadcast(1, waited_ms=1_000),
    "edge-failing": the_edge_fails,
    "edge-latency": the_edge_is_slow,
    "sol-usd": jupiter_knows_no_sol,
    "holes": a_trade_is_missing,
    "routing-set-back": a_move_to_the_edge_goes_wrong,
    "dead-letters": poison_is_broadcast,
    **{
        slug: aws_reports(
            "AWS/SQS ApproximateNumberOfMessagesVisible", 1, QueueName=f"glow-test-{queue}"
        )
        for slug, queue in {
            "edge-retry-dead-letters": "EdgeRetryDeadLetterQueue.fifo",
            "route-dead-letters": "RouteDeadLetterQueue.fifo",
            "later-dead-letters": "LaterDeadLetterQueue",
            "completion-dead-letters": "CompletionDeadLetterQueue",
            "candle-failures": "CandleFailuresQueue",
        }.items()
    },
    **{
        f"{slug}-errors": aws_reports("AWS/Lambda Errors", 1, FunctionName=f"glow-test-{function}")
        for slug, function in {
            "webhook": "HeliusPriceWebhook",
            "broadcast": "BroadcastWorker",
            "later": "LaterWorker",
            "connections": "PriceConnections",
            "prices": "PriceApi",
            "candles": "CandleApi",
            "candle-roller": "CandleRoller",
            "edge-retry": "EdgeRetryWorker",
            "discovery": "Discovery",
            "completion": "CompletionWorker",
            "holes": "HoleWatch",
            "quotes": "QuoteCollector",
            "route-guard": "RouteGuard",
            "route-mover": "RouteMover",
            "route-worker": "RouteWorker",
        }.items()
    },
}


def test_every_alarm_has_a_cause(alarms: Alarms) -> None:
    assert CAUSES.keys() == alarms.keys()


@pytest.mark.parametrize("slug", CAUSES)
def test_alarm_rings_for_its_cause_and_is_over_without_it(
    scene: Scene, deployed: tuple[Alarms, Alarms], good: list[Points], slug: str
) -> None:
    alarms, groups = deployed
    alarm = alarms[slug]
    scene.forget()
    CAUSES[slug](scene)
    bad = scene.points

    assert state_of(alarm, [good] * 60) == "OK"
    assert state_of(alarm, [*[good] * 60, *[bad] * int(alarm["evaluationPeriods"])]) == "ALARM"
    assert state_of(alarm, [*[bad] * 60, good]) == "OK"
    ringing = [group for group in groups.values() if alarm["name"] in members(group)]
    assert len(ringing) + bool(alarm["alarmActions"]) == 1  # it rings, and once


@pytest.mark.parametrize(
    ("status", "path"), [(429, "/tokens/SOL/price"), (401, "/webhook/price"), (404, "/wp-login")]
)
def test_strangers_are_no_throttled_webhook(scene: Scene, status: int, path: str) -> None:
    scene.api_answers(status, path)

    assert scene.points == []


def test_quiet_hour_rings_nothing(scene: Scene, alarms: Alarms) -> None:
    """No trade, no client: only what runs by a schedule. Silence itself rings where config says so."""
    scene.collect_quotes()
    with serving(Chain([], is_plain=True)) as chain:
        mint = encode(b"\x05" * 32)
        holes = scene.load("holes", tokens=[mint], addresses=[mint], RPC_URL=chain.url)
        holes.handler({}, None)
    scene.load("route_guard", ROUTE_ALARM=ALARM).handler({}, None)
    hour = [scene.points] * 60

    states = {slug: state_of(alarm, hour) for slug, alarm in alarms.items()}

    assert {slug for slug, state in states.items() if state != "OK"} == {"no-trade"}


def test_busy_hour_rings_nothing(good: list[Points], alarms: Alarms) -> None:
    hour = [good] * 60

    states = {slug: state_of(alarm, hour) for slug, alarm in alarms.items()}

    assert set(states.values()) == {"OK"}


def test_collector_that_stopped_is_told_of_though_no_number_is_wrong(
    scene: Scene, alarms: Alarms
) -> None:
    scene.collect_quotes()

    assert state_of(alarms["sol-usd"], [scene.points, []]) == "INSUFFICIENT_DATA"
    assert alarms["sol-usd"]["insufficientDataActions"] == alarms["sol-usd"]["alarmActions"] != []


def test_counts_of_threads_are_added_up_and_the_worst_values_stay(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)

    @metered("done", stack=STACK)
    def handler() -> None:
        in_parallel(lambda _: record(WEBHOOK_MS, 1), range(20))
        for value in range(200):
            record(QUOTA_PERCENT, value)

    handler()

    [line] = [line_of(each) for each in caplog.records]
    by_name = {points.name: list(points.values) for points in points_of(line)}
    assert by_name["PostQuotaShare"] == list(range(200 - MAX_VALUES, 200))
    assert by_name["WebhookTime"] == [1] * 20


def members(group: Mapping[str, Any]) -> set[str]:
    """The names of the alarms that ring as `group`."""
    rule = str(group["alarmRule"])
    assert re.fullmatch(r'ALARM\("[^"]+"\)( OR ALARM\("[^"]+"\))*', rule)
    return set(re.findall(r'"([^"]+)"', rule))
