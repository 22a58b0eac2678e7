"""RouteGuard: looks every minute whether a move to the edge goes wrong. Only where config asks for it."""

from functools import partial
from typing import Final

from components.aws.alarm import alarm_arn
from components.aws.function_role import FunctionRole
from components.aws.lambda_function import LambdaFunctionArgs
from components.aws.schedule import call_every
from components.pipeline.functions import route_change
from components.pipeline.parts import PipelineParts
from functions import environment as env
from functions.glow import metrics

# An item that others change, then 7 s until every publisher knows.
_TIMEOUT_SECONDS: Final = 50


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    alarm = f"{parts.platform.prefix}-{metrics.ROUTING_SET_BACK.name}"

    def allow_compare(role: FunctionRole) -> None:
        # No resource can be named for it (Service Authorization Reference, CloudWatch).
        role.allow("compare-paths", actions=["cloudwatch:GetMetricData"], on=["*"])

    def allow_ring(role: FunctionRole) -> None:
        sibling = parts.storage.routes.table.arn
        role.allow(
            "ring-alarm", actions=["cloudwatch:SetAlarmState"], on=[alarm_arn(alarm, sibling)]
        )

    return LambdaFunctionArgs(
        module="route_guard",
        function_name="RouteGuard",
        platform=parts.platform,
        after=parts.edge.deployed,
        timeout_seconds=_TIMEOUT_SECONDS,
        called_by=[
            partial(
                call_every,
                minutes=1,
                schedule_name=f"{parts.platform.prefix}-RouteGuardSchedule",
                is_on=True,
            )
        ],
        grants=[*route_change.rights(parts), allow_compare, allow_ring],
        lists=parts.listed_tokens(),
        environment={
            env.ROUTE_ALARM: alarm,
            **parts.metrics_environment(),
            **route_change.environment(parts),
        },
    )
