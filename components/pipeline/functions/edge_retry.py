"""EdgeRetryWorker: offers the edge again what it did not take."""

from functools import partial
from typing import Final

from components.aws.lambda_function import LambdaFunctionArgs
from components.pipeline.parts import PipelineParts
from functions import environment as env

# Debts wait most of the time. Five workers settle those of 50 tokens in ten rounds of time-outs.
_MAXIMUM_CONCURRENCY: Final = 5


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    debts, retry = parts.storage.debts, parts.settings.edge_retry
    return LambdaFunctionArgs(
        module="edge_retry",
        function_name="EdgeRetryWorker",
        platform=parts.platform,
        after=parts.edge.deployed,
        timeout_seconds=debts.worker_timeout_seconds,
        called_by=[partial(debts.feed, maximum_concurrency=_MAXIMUM_CONCURRENCY)],
        grants=[debts.allow_receive, debts.allow_postpone, debts.allow_bury],
        environment={
            env.EDGE_RETRY_QUEUE_URL: debts.queue.url,
            env.EDGE_RETRY_DEAD_LETTER_QUEUE_URL: debts.dead_letters.url,
            env.EDGE_RETRY_TRIES: str(debts.tries),
            env.EDGE_RETRY_BASE_SECONDS: str(retry.base_seconds),
            **parts.edge.environment,
        },
    )
