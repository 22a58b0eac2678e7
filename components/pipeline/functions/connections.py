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
            parts.websocket.allow_disconnect,
            *parts.post_rights(),
            *([storage.prices.allow_read_authorizations] if parts.listeners_are_verified else []),
        ],
        lists={**parts.listed_origins(), **parts.listed_tokens()},
        environment={
            env.PRICES_TABLE: storage.prices.prices.name,
            env.WEBSOCKET_URL: parts.websocket.url,
            env.EDGE_BROADCAST_URL: parts.edge.url,
            env.REQUIRE_ORIGIN: flag(is_on=listeners.require_origin),
            **parts.post_environment(),
            **parts.routes_environment(),
            **parts.listener_environment(),
        },
    )
