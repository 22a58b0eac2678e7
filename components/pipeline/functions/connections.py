"""PriceConnections: answers every message of the WebSocket clients of AWS."""

from components.aws.lambda_function import LambdaFunctionArgs
from components.pipeline.parts import PipelineParts, flag
from functions import environment as env


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    """Its caller is the WebSocketStage, which exists for this function alone."""
    storage, listeners = parts.storage, parts.settings.listeners
    return LambdaFunctionArgs(
        module="connections",
        function_name="PriceConnections",
        platform=parts.platform,
        grants=[
            storage.prices.allow_subscribe,
            storage.prices.allow_read_prices,
            storage.routes.allow_follow,
            parts.websocket.allow_post,
            parts.websocket.allow_disconnect,
        ],
        environment={
            env.PRICES_TABLE: storage.prices.prices.name,
            env.CONNECTIONS_TABLE: storage.prices.connections.name,
            env.WEBSOCKET_URL: parts.websocket.url,
            env.WEBSOCKET_CALLBACK_URL: parts.websocket.callback_url,
            env.EDGE_BROADCAST_URL: parts.edge.url,
            env.REQUIRE_ORIGIN: flag(is_on=listeners.require_origin),
            **parts.origins_environment(),
            **parts.tokens_environment(),
            **parts.routes_environment(),
        },
    )
