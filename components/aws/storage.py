"""What the functions of the AWS path keep things in, and hand them to each other through."""

from dataclasses import dataclass
from typing import Final

import pulumi

from components.aws.fifo_queue import FifoQueue, FifoQueueArgs
from components.aws.pipeline_args import AwsPipelineArgs
from components.aws.price_store import PriceStore, PriceStoreArgs
from components.routing.control import CHANGE_TIMEOUT_SECONDS
from components.routing.store import RouteStore, RouteStoreArgs

# 100,000 connections at 4,000 posts a second, and a margin. Not more: the queue hides the updates
# of a worker that died for six times as long.
BROADCAST_TIMEOUT_SECONDS: Final = 30
# Five posts to an edge that does not answer; a batch with a refused update may need as many.
RETRY_TIMEOUT_SECONDS: Final = 30
_BROADCAST_TRIES: Final = 3
# With delays that double up to 75 s: an edge that is away for 20 minutes is told in the end.
ROUTE_TRIES: Final = 20


@dataclass(frozen=True, kw_only=True)
class AwsStorage:
    """Tables and queues.

    The edge retry lane is there whether or not the edge is: turning the flag makes and deletes
    nothing, and debts to an edge that is gone are counted before they are dropped.
    """

    price_store: PriceStore
    route_store: RouteStore
    updates: FifoQueue
    debts: FifoQueue
    """Updates that the edge did not take."""
    route_tasks: FifoQueue


def declare_storage(name: str, args: AwsPipelineArgs, parent: pulumi.Resource) -> AwsStorage:
    child = pulumi.ResourceOptions(parent=parent)
    return AwsStorage(
        price_store=PriceStore(
            f"{name}-store", PriceStoreArgs(prefix=args.prefix, protected=args.protected), child
        ),
        route_store=RouteStore(
            f"{name}-routing", RouteStoreArgs(prefix=args.prefix, protected=args.protected), child
        ),
        updates=FifoQueue(
            f"{name}-queue",
            FifoQueueArgs(
                prefix=args.prefix,
                lane="Broadcast",
                carries="updates",
                tries=_BROADCAST_TRIES,
                worker_timeout_seconds=BROADCAST_TIMEOUT_SECONDS,
            ),
            child,
        ),
        debts=FifoQueue(
            f"{name}-edge-retry-queue",
            FifoQueueArgs(
                prefix=args.prefix,
                lane="EdgeRetry",
                carries="debts",
                tries=args.edge_retry_tries,
                worker_timeout_seconds=RETRY_TIMEOUT_SECONDS,
            ),
            child,
        ),
        route_tasks=FifoQueue(
            f"{name}-route-queue",
            FifoQueueArgs(
                prefix=args.prefix,
                lane="Route",
                carries="route-tasks",
                tries=ROUTE_TRIES,
                worker_timeout_seconds=CHANGE_TIMEOUT_SECONDS,
            ),
            child,
        ),
    )
