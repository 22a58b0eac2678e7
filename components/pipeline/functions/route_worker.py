"""RouteWorker: carries a change of route out, as far as it is due."""

from functools import partial

from components.aws.lambda_function import LambdaFunctionArgs
from components.pipeline.functions import route_change
from components.pipeline.parts import PipelineParts
from components.settings.groups import ROUTE_CONCURRENCY
from functions import environment as env


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    storage, routing = parts.storage, parts.settings.routing
    tasks = storage.route_tasks
    return LambdaFunctionArgs(
        module="route_worker",
        function_name="RouteWorker",
        platform=parts.platform,
        after=parts.edge.deployed,
        timeout_seconds=tasks.worker_timeout_seconds,
        called_by=[partial(tasks.feed, maximum_concurrency=ROUTE_CONCURRENCY)],
        grants=[
            *route_change.rights(parts),
            storage.prices.allow_find_everybody,
            storage.prices.allow_read_prices,
            storage.prices.allow_unsubscribe,
            parts.websocket.allow_disconnect,
            tasks.allow_receive,
            tasks.allow_postpone,
            tasks.allow_dead_letters,
            *parts.post_rights(),
        ],
        lists=parts.listed_tokens(),
        environment={
            **route_change.environment(parts),
            **parts.post_environment(),
            env.PRICES_TABLE: storage.prices.prices.name,
            env.WEBSOCKET_URL: parts.websocket.url,
            env.ROUTE_GRACE_SECONDS: str(routing.grace_seconds),
            env.AWS_CONNECTS_PER_SECOND: str(routing.aws_connects_per_second),
            env.ROUTE_DEAD_LETTER_QUEUE_URL: tasks.dead_letters.url,
            env.ROUTE_QUEUE_TRIES: str(tasks.tries),
        },
    )
