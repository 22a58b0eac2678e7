"""Makes the publisher of a function that publishes updates."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from uuid import uuid4

from functions.glow.paths import PATHS, Path
from functions.glow.publisher import Publisher
from functions.glow.queues.publisher import QueuePublisher
from functions.glow.routing.cache import RouteCache
from functions.glow.routing.reminder import Reminder
from functions.glow.routing.table import RouteTable
from functions.glow.routing.tasks import TaskQueue
from functions.glow.trades.routed import RoutedPublisher
from functions.glow.trades.settings import EdgePublishSettings, PublishSettings

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


def routed_publisher(
    table: RouteTable, routes: RouteCache, sqs: SQSClient, settings: PublishSettings
) -> RoutedPublisher:
    """Publishes by `routes`, a cache of `table`. The edge's part is made when it is first needed."""
    tasks = TaskQueue(sqs, settings.route_queue_url)
    broadcast_queue = QueuePublisher(sqs, settings.broadcast_queue_url, name="the broadcast queue")

    @cache
    def publisher(path: Path) -> Publisher | None:
        if path == "aws":
            return broadcast_queue
        if settings.edge is None:
            return None
        return _edge_publisher(
            settings.edge,
            sqs,
            timeout_ms=settings.edge_timeout_ms,
            broadcast_queue=broadcast_queue,
            table=table,
            routes=routes,
            tasks=tasks,
        )

    all_paths: frozenset[Path] = frozenset({"aws"} if settings.edge is None else PATHS)
    return RoutedPublisher(routes, all_paths, publisher, Reminder(tasks))


def _edge_publisher(
    settings: EdgePublishSettings,
    sqs: SQSClient,
    *,
    timeout_ms: int,
    broadcast_queue: Publisher,
    table: RouteTable,
    routes: RouteCache,
    tasks: TaskQueue,
) -> Publisher:
    # Imported here: without the edge, asyncio and the layer's packages would be loaded for nothing.
    from functions.glow.edge.client import EdgeClient  # noqa: PLC0415
    from functions.glow.edge.publisher import FALLBACK_MS, EdgePublisher  # noqa: PLC0415
    from functions.glow.edge.rooms import EdgeRooms  # noqa: PLC0415
    from functions.glow.routing.watch import EdgeWatch  # noqa: PLC0415
    from functions.glow.runtime.loop import event_loop  # noqa: PLC0415

    event_loop()  # loads uvloop
    retry_queue = QueuePublisher(sqs, settings.retry_queue_url, name="the edge retry queue")
    client = EdgeClient(
        settings.access.origin,
        settings.access.secrets,
        timeout_ms=timeout_ms,
        reserve_ms=FALLBACK_MS,
    )
    process = uuid4().hex
    return EdgePublisher(
        client,
        fallbacks=[broadcast_queue, retry_queue],
        watch=EdgeWatch(table, routes, tasks, EdgeRooms(client), process=process),
    )
