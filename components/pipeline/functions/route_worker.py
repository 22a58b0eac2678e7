"""RouteWorker: does what is due later in a change of route."""

from functools import partial

from components.aws.lambda_function import LambdaFunctionArgs
from components.pipeline.functions import route_change
from components.pipeline.parts import PipelineParts
from components.settings.groups import ROUTE_CONCURRENCY
from functions import environment as env


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    tasks = parts.storage.route_tasks
    return LambdaFunctionArgs(
        module="route_worker",
        function_name="RouteWorker",
        platform=parts.platform,
        after=parts.edge.deployed,
        timeout_seconds=tasks.worker_timeout_seconds,
        called_by=[partial(tasks.feed, maximum_concurrency=ROUTE_CONCURRENCY)],
        grants=[
            *route_change.rights(parts),
            parts.storage.prices.allow_unsubscribe,
            parts.websocket.allow_disconnect,
            tasks.allow_receive,
            tasks.allow_postpone,
            tasks.allow_dead_letters,
        ],
        environment={
            **route_change.environment(parts),
            env.ROUTE_DEAD_LETTER_QUEUE_URL: tasks.dead_letters.url,
            env.ROUTE_QUEUE_TRIES: str(tasks.tries),
        },
    )
