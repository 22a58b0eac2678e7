"""RouteMover: `pulumi up` calls it when the routing has changed, and waits for it."""

from typing import Final

from components.aws.lambda_function import LambdaFunctionArgs
from components.pipeline.functions import route_change
from components.pipeline.parts import PipelineParts

# 30 s until its rights hold, 20 s for an edge that does not answer, 7 s until every publisher knows.
_TIMEOUT_SECONDS: Final = 90


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    """Its caller is RouteControl."""
    return LambdaFunctionArgs(
        module="route_mover",
        function_name="RouteMover",
        platform=parts.platform,
        after=parts.edge.deployed,
        timeout_seconds=_TIMEOUT_SECONDS,
        grants=route_change.rights(parts),
        lists=parts.listed_tokens(),
        environment=route_change.environment(parts),
    )
