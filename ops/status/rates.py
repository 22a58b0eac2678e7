"""What CloudWatch counted lately, in one call: of the functions' own metrics, of Lambda's and SQS's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from functions.glow import metrics
from functions.glow.paths import PATHS
from ops.redrive import LANES
from ops.status.queues import queue_name
from ops.status.reading import RatesReading
from ops.verify.target import Target

if TYPE_CHECKING:
    from types_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

MINUTES: Final = 15
_AGE_MINUTES: Final = 5
_PERIOD_SECONDS: Final = 60

_COUNTED: Final = (
    metrics.ACCEPTED,
    metrics.STORED,
    metrics.UNAUTHORIZED,
    metrics.REFUSED,
    metrics.UNAVAILABLE,
    metrics.FAILED,
    *(metrics.published(path) for path in PATHS),
    metrics.EDGE_FAILURES,
    metrics.RETURNED,
)
_TIMED: Final = (metrics.WEBHOOK_MS, metrics.DELIVERY_MS, metrics.EDGE_POST_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """`oldest_seconds` are the ages of the queues' oldest messages, by the queues' names."""

    rates: RatesReading
    oldest_seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Question:
    kind: Literal["count", "time", "error", "age"]
    name: str
    namespace: str
    metric: str
    dimension: tuple[str, str]
    statistic: str


def read_watched(target: Target, *, now: float) -> Watched:
    """Of the last MINUTES. What has no data is left out."""
    questions = list(_questions(target))
    values = _ask(target, questions, now)

    def of(kind: str) -> dict[str, float]:
        asked = (each for each in zip(questions, values, strict=True) if each[0].kind == kind)
        return {question.name: value for question, value in asked if value is not None}

    rates = RatesReading(
        minutes=MINUTES,
        counts=of("count"),
        p99_ms=of("time"),
        function_errors={name: count for name, count in of("error").items() if count},
    )
    return Watched(rates=rates, oldest_seconds=of("age"))


def _questions(target: Target) -> Iterator[_Question]:
    own = (metrics.DIMENSION, f"glow-{target.name}")
    for metric in _COUNTED:
        yield _Question("count", metric.name, metrics.NAMESPACE, metric.name, own, "Sum")
    for metric in _TIMED:
        yield _Question("time", metric.name, metrics.NAMESPACE, metric.name, own, "p99")
    for slug, function in target.deployed.function_names.items():
        of_function = ("FunctionName", function)
        yield _Question("error", slug, "AWS/Lambda", "Errors", of_function, "Sum")
    for lane in LANES:
        queue = queue_name(target.deployed.text(lane.queue_output))
        of_queue = ("QueueName", queue)
        age = "ApproximateAgeOfOldestMessage"
        yield _Question("age", queue, "AWS/SQS", age, of_queue, "Maximum")


def _ask(target: Target, questions: Sequence[_Question], now: float) -> list[float | None]:
    queries: list[MetricDataQueryTypeDef] = [
        {
            "Id": f"q{index}",
            "MetricStat": {
                "Metric": {
                    "Namespace": question.namespace,
                    "MetricName": question.metric,
                    "Dimensions": [{"Name": question.dimension[0], "Value": question.dimension[1]}],
                },
                "Period": _PERIOD_SECONDS,
                "Stat": question.statistic,
            },
        }
        for index, question in enumerate(questions)
    ]
    until = datetime.fromtimestamp(now, UTC)
    found: dict[str, list[tuple[datetime, float]]] = {}
    pages = target.cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries, StartTime=until - timedelta(minutes=MINUTES), EndTime=until
    )
    for page in pages:
        for result in page.get("MetricDataResults", []):
            points = zip(result.get("Timestamps", []), result.get("Values", []), strict=True)
            found.setdefault(result.get("Id", ""), []).extend(points)
    young = until - timedelta(minutes=_AGE_MINUTES)
    return [
        _one(question, found.get(f"q{index}", []), young)
        for index, question in enumerate(questions)
    ]


def _one(
    question: _Question, points: Sequence[tuple[datetime, float]], young: datetime
) -> float | None:
    """One number of all minutes: the sum of counts, the worst of percentiles, the newest age."""
    if question.kind == "age":
        ages = sorted(point for point in points if point[0] >= young)
        return ages[-1][1] if ages else None
    values = [value for _, value in points]
    if not values:
        return None
    return sum(values) if question.kind in ("count", "error") else max(values)
