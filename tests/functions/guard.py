"""A move to the edge that goes wrong, as RouteGuard finds it: in the routing item and in CloudWatch."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from functions.glow import metrics
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import Routes
from functions.glow.routing.table import RouteTable
from functions.glow.runtime import boto
from tests.functions.cloud import REGION, put_routes

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient

AWS: Final = Policy()
EDGE: Final = Policy(edge_is_on=True)
ALARM: Final = "glow-test-RoutingSetBack"
_MINUTES: Final = 5


def cloudwatch() -> CloudWatchClient:
    return boto.cloudwatch(REGION)


def move_to_the_edge(routes: RouteTable, *, minutes_ago: int = 10) -> Routes:
    """As `pulumi up` wrote it so long ago, with its work done."""
    since_ms = int((time.time() - minutes_ago * 60) * 1_000)
    put_routes(routes, Routes(current=EDGE, replaced=AWS, since_ms=since_ms))
    written = routes.read()
    assert written is not None
    return written


def publish(stack: str, *, updates: int, failures: int) -> None:
    """The metrics of the last minutes, of `stack`: what each said of the edge."""
    now = int(time.time()) // 60 * 60
    for ago in range(_MINUTES):
        for metric, value in (
            (metrics.published("edge"), updates),
            (metrics.EDGE_FAILURES, failures),
            (metrics.EDGE_POST_MS, 40),
            (metrics.published("aws"), updates),
            (metrics.DELIVERY_MS, 90),
        ):
            cloudwatch().put_metric_data(
                Namespace=metrics.NAMESPACE,
                MetricData=[
                    {
                        "MetricName": metric.name,
                        "Dimensions": [{"Name": metrics.DIMENSION, "Value": stack}],
                        "Timestamp": datetime.fromtimestamp(now - ago * 60 + 1, UTC),
                        "Value": value,
                    }
                ],
            )


def declare_alarm() -> None:
    cloudwatch().put_metric_alarm(
        AlarmName=ALARM,
        Namespace=metrics.NAMESPACE,
        MetricName=metrics.ROUTING_SET_BACK.name,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanThreshold",
        Threshold=0,
        TreatMissingData="notBreaching",
    )
