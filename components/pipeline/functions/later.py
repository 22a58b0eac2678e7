"""LaterWorker: does what was put off for some seconds."""

from functools import partial

from components.aws.lambda_function import LambdaFunctionArgs
from components.pipeline.parts import PipelineParts
from components.settings.groups import LATER_CONCURRENCY
from functions import environment as env


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    prices, later = parts.storage.prices, parts.storage.later
    return LambdaFunctionArgs(
        module="later",
        function_name="LaterWorker",
        platform=parts.platform,
        after=parts.edge.deployed,
        timeout_seconds=later.worker_timeout_seconds,
        called_by=[partial(later.feed, maximum_concurrency=LATER_CONCURRENCY)],
        grants=[
            later.allow_send,
            later.allow_receive,
            later.allow_postpone,
            later.allow_dead_letters,
            prices.allow_read_prices,
            prices.allow_catch_up,
            prices.allow_release_suspects,
            parts.websocket.allow_ask,
            parts.websocket.allow_disconnect,
            *parts.post_rights(),
            parts.storage.routes.allow_follow,
            *parts.publish_rights(),
        ],
        environment={
            env.PRICES_TABLE: prices.prices.name,
            env.LATER_QUEUE_URL: later.queue.url,
            env.LATER_DEAD_LETTER_QUEUE_URL: later.dead_letters.url,
            env.LATER_TRIES: str(later.tries),
            env.MAX_PRICE_JUMP: str(parts.settings.stream.max_price_jump),
            **parts.metrics_environment(),
            **parts.post_environment(),
            **parts.publish_environment(),
        },
    )
