"""CompletionWorker: asks the chain for what came trimmed. There is none where no RPC node is set."""

from functools import partial

from components.aws.lambda_function import LambdaFunctionArgs
from components.pipeline.parts import PipelineParts
from components.settings.groups import COMPLETION_CONCURRENCY
from functions import environment as env


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    storage, settings = parts.storage, parts.settings
    queue = storage.completions
    return LambdaFunctionArgs(
        module="completion",
        function_name="CompletionWorker",
        platform=parts.platform,
        after=parts.edge.deployed,
        timeout_seconds=queue.worker_timeout_seconds,
        called_by=[partial(queue.feed, maximum_concurrency=COMPLETION_CONCURRENCY)],
        grants=[
            queue.allow_receive,
            queue.allow_postpone,
            queue.allow_dead_letters,
            *parts.store_rights(),
            *parts.publish_rights(),
        ],
        lists=parts.listed_tokens(),
        environment={
            env.COMPLETION_QUEUE_URL: queue.queue.url,
            env.COMPLETION_DEAD_LETTER_QUEUE_URL: queue.dead_letters.url,
            env.COMPLETION_TRIES: str(queue.tries),
            env.RPC_URL: settings.completion.rpc_url,
            **parts.store_environment(),
            **parts.publish_environment(),
        },
    )
