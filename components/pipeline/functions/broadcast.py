"""BroadcastWorker: posts updates to the WebSocket clients of AWS."""

from functools import partial

from components.aws.lambda_function import LambdaFunctionArgs
from components.pipeline.parts import PipelineParts
from functions import environment as env


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    prices, updates = parts.storage.prices, parts.storage.updates
    return LambdaFunctionArgs(
        module="broadcast",
        function_name="BroadcastWorker",
        platform=parts.platform,
        timeout_seconds=updates.worker_timeout_seconds,
        called_by=[partial(updates.feed, maximum_concurrency=parts.settings.broadcast_concurrency)],
        grants=[
            updates.allow_receive,
            updates.allow_dead_letters,
            prices.allow_read_prices,
            prices.allow_fan_out,
            parts.websocket.allow_post,
            parts.websocket.allow_disconnect,
        ],
        environment={
            env.PRICES_TABLE: prices.prices.name,
            env.CONNECTIONS_TABLE: prices.connections.name,
            env.BROADCAST_DEAD_LETTER_QUEUE_URL: updates.dead_letters.url,
            env.WEBSOCKET_CALLBACK_URL: parts.websocket.callback_url,
        },
    )
