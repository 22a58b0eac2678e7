"""CloudWatch as the guard uses it: our own metrics of both paths, and the alarm that says what it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from functions.glow import metrics
from functions.glow.routing.judgement import BAD_MINUTES, MINUTE_MS, Minute, PathMinute
from functions.glow.runtime.aws import unavailable_unless_answered

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

_MINUTE_SECONDS: Final = MINUTE_MS // 1_000
# A line of a log becomes a metric some seconds later.
_LATE_MINUTES: Final = 1
_MAX_REASON: Final = 1_023  # characters, of an alarm's state (SetAlarmState)
# Id of a query → metric and statistic.
_QUERIES: Final[Mapping[str, tuple[metrics.Metric, str]]] = {
    "edge_updates": (metrics.published("edge"), "Sum"),
    "edge_failures": (metrics.EDGE_FAILURES, "Sum"),
    "edge_ms": (metrics.EDGE_POST_MS, "p99"),
    "aws_updates": (metrics.published("aws"), "Sum"),
    "aws_failures": (metrics.RETURNED, "Sum"),
    "aws_ms": (metrics.DELIVERY_MS, "p99"),
}


class PathFigures:
    """The last whole minutes of stack `stack`, in one request."""

    def __init__(self, client: CloudWatchClient, stack: str) -> None:
        self._client = client
        self._stack = stack

    def __call__(self, *, now: float) -> Sequence[Minute]:
        """Raises Unavailable when CloudWatch does not answer."""
        end = (int(now) // _MINUTE_SECONDS - _LATE_MINUTES) * _MINUTE_SECONDS
        starts = [end - ago * _MINUTE_SECONDS for ago in range(BAD_MINUTES, 0, -1)]
        with unavailable_unless_answered("CloudWatch"):
            answer = self._client.get_metric_data(
                MetricDataQueries=[self._query(name) for name in _QUERIES],
                StartTime=datetime.fromtimestamp(starts[0], UTC),
                EndTime=datetime.fromtimestamp(end, UTC),
            )
        found = {
            (str(result.get("Id")), int(moment.timestamp())): value
            for result in answer["MetricDataResults"]
            for moment, value in zip(
                result.get("Timestamps", []), result.get("Values", []), strict=True
            )
        }
        return [
            Minute(
                start_ms=start * 1_000,
                edge=_path_minute("edge", found, start),
                aws=_path_minute("aws", found, start),
            )
            for start in starts
        ]

    def _query(self, name: str) -> MetricDataQueryTypeDef:
        metric, statistic = _QUERIES[name]
        return {
            "Id": name,
            "MetricStat": {
                "Metric": {
                    "Namespace": metrics.NAMESPACE,
                    "MetricName": metric.name,
                    "Dimensions": [{"Name": metrics.DIMENSION, "Value": self._stack}],
                },
                "Period": _MINUTE_SECONDS,
                "Stat": statistic,
            },
        }


class AlarmBell:
    """Puts the alarm `name` into ALARM, with the reason that its mail tells.

    Its metric keeps it there for a minute. By the metric alone it would ring too, but say only that a
    threshold was crossed.
    """

    def __init__(self, client: CloudWatchClient, name: str) -> None:
        self._client = client
        self._name = name

    def __call__(self, reason: str) -> None:
        """Raises Unavailable when CloudWatch does not answer."""
        said = f"The routing was set back: {reason}"[:_MAX_REASON]
        with unavailable_unless_answered("CloudWatch"):
            self._client.set_alarm_state(AlarmName=self._name, StateValue="ALARM", StateReason=said)


def _path_minute(path: str, found: Mapping[tuple[str, int], float], start: int) -> PathMinute:
    return PathMinute(
        updates=found.get((f"{path}_updates", start), 0),
        failures=found.get((f"{path}_failures", start), 0),
        p99_ms=found.get((f"{path}_ms", start)),
    )
