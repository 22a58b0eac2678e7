"""EdgeRetryWorker: offers the edge again what it did not take."""

from functools import partial
from typing import Final

from components.aws.lambda_function import LambdaFunctionArgs
from components.pipeline.parts import PipelineParts
from functions import environment as env

# Updates wait here most of the time. Five workers deliver those of 50 tokens in ten rounds of
# time-outs.
_MAXIMUM_CONCURRENCY: Final = 5


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    undelivered, retry = parts.storage.undelivered, parts.settings.edge_retry
    return LambdaFunctionArgs(
        module="edge_retry",
        function_name="EdgeRetryWorker",
        platform=parts.platform,
        after=parts.edge.deployed,
        timeout_seconds=undelivered.worker_timeout_seconds,
        called_by=[partial(undelivered.feed, maximum_concurrency=_MAXIMUM_CONCURRENCY)],
        grants=[
            undelivered.allow_receive,
            undelivered.allow_postpone,
            undelivered.allow_dead_letters,
        ],
        environment={
            env.EDGE_RETRY_QUEUE_URL: undelivered.queue.url,
            env.EDGE_RETRY_DEAD_LETTER_QUEUE_URL: undelivered.dead_letters.url,
            env.EDGE_RETRY_TRIES: str(undelivered.tries),
            env.EDGE_RETRY_BASE_SECONDS: str(retry.base_seconds),
            **parts.metrics_environment(),
            **parts.edge.environment,
        },
    )
