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
        storage.route_tasks.allow_send,
    ]


def environment(parts: PipelineParts) -> Mapping[str, pulumi.Input[str] | None]:
    return {
        env.ROUTES_TABLE: parts.storage.routes.table.name,
        env.ROUTE_QUEUE_URL: parts.storage.route_tasks.queue.url,
        **parts.edge.environment,
    }
