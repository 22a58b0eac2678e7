"""RouteMover: `pulumi up` calls it when the routing has changed, and waits for it."""

from components.aws.lambda_function import LambdaFunctionArgs
from components.pipeline.functions import route_change
from components.pipeline.parts import PipelineParts


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    """Its caller is RouteControl."""
    return LambdaFunctionArgs(
        module="route_mover",
        function_name="RouteMover",
        platform=parts.platform,
        after=parts.edge.deployed,
        # It announces to as many clients as a task does.
        timeout_seconds=parts.storage.route_tasks.worker_timeout_seconds,
        grants=route_change.rights(parts),
        environment=route_change.environment(parts),
    )
