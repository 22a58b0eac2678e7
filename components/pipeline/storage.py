"""What the functions keep things in, and hand them to each other through."""

from dataclasses import dataclass
from typing import Final

import pulumi

from components.aws.fifo_queue import FifoQueue, FifoQueueArgs
from components.aws.price_tables import PriceTables, PriceTablesArgs
from components.routing.route_table import RouteTable, RouteTableArgs

# 100,000 connections at 4,000 posts a second, and a margin. Not more: after a worker dies, the
# queue hides its updates for six times as long.
_BROADCAST_TIMEOUT_SECONDS: Final = 30
_BROADCAST_TRIES: Final = 3
# Five posts to an edge that does not answer; a batch with a refused update may need as many.
_RETRY_TIMEOUT_SECONDS: Final = 30
# 7 s until every publisher knows, then 100,000 connections at 4,000 posts a second, and a margin.
_CHANGE_TIMEOUT_SECONDS: Final = 120
# With delays that double up to 75 s: an edge that is away for 20 minutes is told in the end.
_CHANGE_TRIES: Final = 20


@dataclass(frozen=True, kw_only=True)
class Storage:
    """Tables and queues.

    The queue of debts is there whether or not the edge is. So the flag makes and deletes nothing,
    and debts to an edge that is gone are counted before they are dropped.
    """

    prices: PriceTables
    routes: RouteTable
    updates: FifoQueue
    debts: FifoQueue
    """Updates that the edge did not take."""
    route_tasks: FifoQueue


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    prefix: str
    protected: bool
    edge_retry_tries: int


def declare_storage(name: str, args: StorageArgs, parent: pulumi.Resource) -> Storage:
    child = pulumi.ResourceOptions(parent=parent)
    return Storage(
        prices=PriceTables(
            f"{name}-store", PriceTablesArgs(prefix=args.prefix, protected=args.protected), child
        ),
        routes=RouteTable(
            f"{name}-routing", RouteTableArgs(prefix=args.prefix, protected=args.protected), child
        ),
        updates=FifoQueue(
            f"{name}-queue",
            FifoQueueArgs(
                prefix=args.prefix,
                lane="Broadcast",
                carries="updates",
                tries=_BROADCAST_TRIES,
                worker_timeout_seconds=_BROADCAST_TIMEOUT_SECONDS,
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
                worker_timeout_seconds=_RETRY_TIMEOUT_SECONDS,
            ),
            child,
        ),
        route_tasks=FifoQueue(
            f"{name}-route-queue",
            FifoQueueArgs(
                prefix=args.prefix,
                lane="Route",
                carries="route-tasks",
                tries=_CHANGE_TRIES,
                worker_timeout_seconds=_CHANGE_TIMEOUT_SECONDS,
            ),
            child,
        ),
    )
