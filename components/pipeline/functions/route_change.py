"""What both functions have in common that carry a change of route out."""

from collections.abc import Callable, Mapping, Sequence

import pulumi

from components.aws.function_role import FunctionRole
from components.pipeline.parts import PipelineParts
from functions import environment as env


def rights(parts: PipelineParts) -> Sequence[Callable[[FunctionRole], None]]:
    storage = parts.storage
    return [
        storage.routes.allow_follow,
        storage.routes.allow_change,
        storage.routes.allow_list_tokens,
        storage.prices.allow_find_everybody,
        storage.prices.allow_read_prices,
        storage.route_tasks.allow_send,
        *parts.post_rights(),
    ]


def environment(parts: PipelineParts) -> Mapping[str, pulumi.Input[str] | None]:
    storage, routing = parts.storage, parts.settings.routing
    return {
        env.ROUTES_TABLE: storage.routes.table.name,
        env.PRICES_TABLE: storage.prices.prices.name,
        env.ROUTE_QUEUE_URL: storage.route_tasks.queue.url,
        env.ROUTE_GRACE_SECONDS: str(routing.grace_seconds),
        env.AWS_CONNECTS_PER_SECOND: str(routing.aws_connects_per_second),
        env.WEBSOCKET_URL: parts.websocket.url,
        **parts.post_environment(),
        **parts.edge.environment,
    }
