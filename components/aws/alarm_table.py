"""The alarms of a stack, one after the other. What to do about each stands in docs/runbook.md."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.alarm import Alarm, Group, Metric
from components.aws.candle_store import CandleStore
from components.aws.lambda_function import LambdaFunction
from components.aws.worker_queue import WorkerQueue
from components.settings.alarms import P99_FACTOR
from functions.glow import metrics
from functions.glow.paths import Path

# Such a price is live no more; a healthy wait is below a second.
_LATE_SECONDS: Final = 60
# Of the second that Helius waits. At 850 the webhook gives up by itself.
_SLOW_MS: Final = 800
_EDGE_FAILURE_PERCENT: Final = 10
_QUOTA_PERCENT: Final = 80
_MINUTE_SECONDS: Final = 60
_FIVE_MINUTES_SECONDS: Final = 300
# Where trades are rare, one cold start is the slowest of its five minutes.
_PERIODS_OF_SLOWNESS: Final = 2
# CloudWatch looks back one day at most.
_DAY_SECONDS: Final = 24 * 60 * 60

# Which path suffers when a function fails. A failure of the others has a ring of its own.
_GROUP_OF: Final[Mapping[str, Group]] = {
    "webhook": "intake",
    "broadcast": "aws-path",
    "later": "aws-path",
    "connections": "aws-path",
    "edge-retry": "edge-path",
}


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What alarms are about, and the limits that config gives them."""

    prefix: str
    updates: WorkerQueue
    undelivered: WorkerQueue
    route_tasks: WorkerQueue
    later: WorkerQueue
    completions: WorkerQueue
    candles: CandleStore
    functions: Mapping[str, LambdaFunction]
    rest_api_id: pulumi.Input[str]
    websocket_api_id: pulumi.Input[str]
    requests_per_second: int
    """The account's quota of API Gateway."""
    latency_ms: Mapping[Path, int]
    """What half of the trades of a path may take."""
    call_timeout_ms: int
    """A post to the edge takes no longer."""
    no_trade_minutes: int
    """0: silence is no alarm."""
    sol_usd_max_age_seconds: int | None
    """None: nobody asks for SOL/USD."""
    hole_turn_seconds: int
    """How long it takes until each address was looked at for holes."""


def alarms(watched: Watched) -> Iterator[Alarm]:
    yield from _intake(watched)
    yield from _aws_path(watched)
    yield from _edge_path(watched)
    yield from _dead_letters(watched)
    yield from _dollars(watched)
    yield from _holes(watched)
    yield from _routing(watched)
    for child, function in watched.functions.items():
        yield _errors(child, function)


def _intake(watched: Watched) -> Iterator[Alarm]:
    prefix = watched.prefix
    yield Alarm(
        slug="api-5xx",
        name=f"{prefix}-ApiServerErrors",
        description="The API answered 5xx: 503 is a table, a queue or the edge; 500 is a fault of ours.",
        metric=Metric(
            namespace="AWS/ApiGateway",
            name="5xx",
            dimension=("ApiId", watched.rest_api_id),
            statistic="Sum",
        ),
        group="intake",
    )
    yield Alarm(
        slug="refused",
        name=f"{prefix}-WebhookRefused",
        description="Helius sent with the right secret what the webhook does not take: trades are lost.",
        metric=Metric.own(metrics.REFUSED, prefix, "Sum"),
        group="intake",
    )
    yield Alarm(
        slug="slow",
        name=f"{prefix}-WebhookSlow",
        description=f"One in a hundred answers to Helius takes over {_SLOW_MS} ms. It waits for 1,000.",
        metric=Metric.own(metrics.WEBHOOK_MS, prefix, "p99"),
        above=_SLOW_MS,
        group="intake",
    )
    webhook = watched.functions["webhook"]
    yield Alarm(
        slug="throttled",
        name=f"{prefix}-WebhookThrottled",
        description="Lambda had no process left for the webhook, so Helius was answered 503.",
        metric=_of_function(webhook, "Throttles"),
        group="intake",
    )
    yield Alarm(
        slug="route-throttled",
        name=f"{prefix}-WebhookRouteThrottled",
        description="Helius posts more than webhookRateLimit a second: API Gateway answers 429.",
        metric=Metric.own(metrics.ROUTE_THROTTLED, prefix, "Sum"),
        group="intake",
    )
    if watched.no_trade_minutes:
        yield Alarm(
            slug="no-trade",
            name=f"{prefix}-NoTrade",
            description=f"No trade was stored for {watched.no_trade_minutes} minutes.",
            metric=Metric.own(metrics.STORED, prefix, "Sum"),
            periods=watched.no_trade_minutes,
            is_silence=True,
            group="intake",
        )


def _aws_path(watched: Watched) -> Iterator[Alarm]:
    prefix = watched.prefix
    yield Alarm(
        slug="late",
        name=f"{prefix}-BroadcastLate",
        description="Updates wait for more than a minute: the worker fails or cannot keep up.",
        metric=of_queue(watched.updates.queue, "ApproximateAgeOfOldestMessage"),
        above=_LATE_SECONDS,
        group="aws-path",
    )
    yield Alarm(
        slug="returned",
        name=f"{prefix}-BroadcastReturned",
        description="Updates could not be posted and went back to their queue.",
        metric=Metric.own(metrics.RETURNED, prefix, "Sum"),
        group="aws-path",
    )
    slowest_ms = P99_FACTOR * watched.latency_ms["aws"]
    yield Alarm(
        slug="aws-latency",
        name=f"{prefix}-AwsLatency",
        description=f"One in a hundred updates takes over {slowest_ms:,} ms from the webhook to its last client.",
        metric=Metric.own(metrics.DELIVERY_MS, prefix, "p99"),
        above=slowest_ms,
        period_seconds=_FIVE_MINUTES_SECONDS,
        periods=_PERIODS_OF_SLOWNESS,
        group="aws-path",
    )
    most = watched.requests_per_second * _MINUTE_SECONDS * _QUOTA_PERCENT // 100
    yield Alarm(
        slug="quota",
        name=f"{prefix}-RequestQuota",
        description=f"Posts to clients take over {_QUOTA_PERCENT} % of the account's"
        f" {watched.requests_per_second} requests/s.",
        metric=Metric(
            namespace="AWS/ApiGateway",
            name="MessageCount",
            dimension=("ApiId", watched.websocket_api_id),
            statistic="Sum",
        ),
        above=most,
        group="aws-path",
    )


def _edge_path(watched: Watched) -> Iterator[Alarm]:
    yield Alarm(
        slug="edge-failing",
        name=f"{watched.prefix}-EdgeFailing",
        description=f"Over {_EDGE_FAILURE_PERCENT} % of the posts to the edge fail.",
        metric=Metric.own(metrics.EDGE_FAILURE_PERCENT, watched.prefix, "Average"),
        above=_EDGE_FAILURE_PERCENT,
        period_seconds=_FIVE_MINUTES_SECONDS,
        group="edge-path",
    )
    slowest_ms = min(P99_FACTOR * watched.latency_ms["edge"], watched.call_timeout_ms)
    yield Alarm(
        slug="edge-latency",
        name=f"{watched.prefix}-EdgeLatency",
        description=f"One in a hundred posts to the edge takes over {slowest_ms:,} ms.",
        metric=Metric.own(metrics.EDGE_POST_MS, watched.prefix, "p99"),
        above=slowest_ms,
        period_seconds=_FIVE_MINUTES_SECONDS,
        periods=_PERIODS_OF_SLOWNESS,
        group="edge-path",
    )


def _dead_letters(watched: Watched) -> Iterator[Alarm]:
    """Each rings by itself: it lasts until somebody acts, and would keep a group from ringing again."""
    queues = (
        (
            "dead-letters",
            "BroadcastDeadLetters",
            watched.updates.dead_letters,
            "Updates lie in the dead-letter queue: clients did not get them.",
        ),
        (
            "edge-retry-dead-letters",
            "EdgeRetryDeadLetters",
            watched.undelivered.dead_letters,
            "The edge did not take updates in all their tries: mend it, then python -m ops redrive.",
        ),
        (
            "route-dead-letters",
            "RouteDeadLetters",
            watched.route_tasks.dead_letters,
            "Clients could not be told that their token moved: mend it, then python -m ops redrive.",
        ),
        (
            "later-dead-letters",
            "LaterDeadLetters",
            watched.later.dead_letters,
            "Clients that missed an update were not told: mend it, then python -m ops redrive.",
        ),
        (
            "completion-dead-letters",
            "CompletionDeadLetters",
            watched.completions.dead_letters,
            "The RPC node did not answer for trades that came trimmed: mend it, then python -m ops redrive.",
        ),
        (
            "candle-failures",
            "CandleFailures",
            watched.candles.failures,
            "Candles lack trades: mend it, then python -m ops candles rebuild for the time of the alarm.",
        ),
    )
    for slug, name, queue, description in queues:
        yield Alarm(
            slug=slug,
            name=f"{watched.prefix}-{name}",
            description=description,
            metric=of_queue(queue, "ApproximateNumberOfMessagesVisible"),
        )


def _dollars(watched: Watched) -> Iterator[Alarm]:
    if watched.sol_usd_max_age_seconds is not None:
        yield Alarm(
            slug="sol-usd",
            name=f"{watched.prefix}-SolUsdOld",
            description="SOL/USD is too old or is not asked for: prices come without one in US dollars.",
            metric=Metric.own(metrics.SOL_USD_AGE, watched.prefix, "Maximum"),
            above=watched.sol_usd_max_age_seconds,
            period_seconds=_FIVE_MINUTES_SECONDS,
            rings_without_data=True,
        )


def _holes(watched: Watched) -> Iterator[Alarm]:
    if "holes" in watched.functions:
        yield Alarm(
            slug="holes",
            name=f"{watched.prefix}-Holes",
            description="A token trades on the chain, and trades of it are not stored. Fetch them:"
            " python -m ops backfill --since 3h.",
            metric=Metric.own(metrics.HOLES, watched.prefix, "Sum"),
            # Two turns, so that a hole that is still there at its address's next turn does not ring anew.
            period_seconds=min(2 * watched.hole_turn_seconds, _DAY_SECONDS),
        )


def _routing(watched: Watched) -> Iterator[Alarm]:
    if "route-guard" in watched.functions:
        yield Alarm(
            slug="routing-set-back",
            name=f"{watched.prefix}-{metrics.ROUTING_SET_BACK.name}",
            description="A move to the edge went wrong, and the routing was set back. Config still says otherwise.",
            metric=Metric.own(metrics.ROUTING_SET_BACK, watched.prefix, "Sum"),
        )


def _errors(child: str, function: LambdaFunction) -> Alarm:
    return Alarm(
        slug=f"{child}-errors",
        name=f"{function.function_name}-Errors",
        description="The function ended with an error or a time-out. Its log group says why.",
        shared_section="function-errors",
        metric=_of_function(function, "Errors"),
        group=_GROUP_OF.get(child),
    )


def _of_function(function: LambdaFunction, name: str) -> Metric:
    return Metric(
        namespace="AWS/Lambda",
        name=name,
        dimension=("FunctionName", function.function_name),
        statistic="Sum",
    )


def of_queue(queue: aws.sqs.Queue, name: str) -> Metric:
    """SQS's metric `name` of `queue`, at its highest."""
    return Metric(
        namespace="AWS/SQS", name=name, dimension=("QueueName", queue.name), statistic="Maximum"
    )
