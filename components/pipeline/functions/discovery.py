"""Discovery: tells a client which path its token takes, and where to connect."""

from functools import partial

from components.aws.lambda_function import LambdaFunctionArgs
from components.pipeline.parts import PipelineParts
from functions import environment as env


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    routes = parts.storage.routes
    return LambdaFunctionArgs(
        module="discovery",
        function_name="Discovery",
        platform=parts.platform,
        has_dependencies=parts.listeners_are_verified,
        called_by=[
            partial(
                parts.rest.serve,
                keys=["GET /connect/{token}", "GET /connect"],
                throttle=parts.settings.throttles.rest,
            )
        ],
        grants=[routes.allow_follow, routes.allow_look_up_tokens],
        lists={**parts.listed_origins(), **parts.listed_tokens()},
        environment={
            env.WEBSOCKET_URL: parts.websocket.url,
            env.EDGE_BROADCAST_URL: parts.edge.url,
            **parts.routes_environment(),
            **parts.listener_environment(),
        },
    )
