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
        called_by=[
            partial(updates.feed, maximum_concurrency=parts.settings.posting.broadcast_concurrency)
        ],
        grants=[
            updates.allow_receive,
            updates.allow_postpone,
            updates.allow_dead_letters,
            parts.storage.later.allow_send,
            prices.allow_read_prices,
            prices.allow_fan_out,
            parts.websocket.allow_ask,
            *([parts.websocket.allow_disconnect] if parts.listeners_are_verified else []),
            *parts.post_rights(),
        ],
        environment={
            env.PRICES_TABLE: prices.prices.name,
            env.BROADCAST_QUEUE_URL: updates.queue.url,
            env.BROADCAST_DEAD_LETTER_QUEUE_URL: updates.dead_letters.url,
            env.BROADCAST_TRIES: str(updates.tries),
            env.LATER_QUEUE_URL: parts.storage.later.queue.url,
            **parts.post_environment(),
        },
    )
