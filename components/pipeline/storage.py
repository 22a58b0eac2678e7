"""What the functions keep things in, and hand them to each other through."""

from dataclasses import dataclass
from typing import Final

import pulumi

from components.aws.candle_store import CandleStore, CandleStoreArgs
from components.aws.delay_queue import DelayQueue
from components.aws.fifo_queue import FifoQueue
from components.aws.price_store import PriceStore, PriceStoreArgs
from components.aws.worker_queue import WorkerQueueArgs
from components.routing.store import RouteStore, RouteStoreArgs

# 100,000 connections at 4,000 posts a second, and a margin. Not more: after a worker dies, the
# queue hides its updates for six times as long.
_BROADCAST_TIMEOUT_SECONDS: Final = 30
# With delays that double from 1 s up to 75 s: an endpoint that is away for five minutes loses nothing.
_BROADCAST_TRIES: Final = 10
# Five posts to an edge that does not answer; a batch with a refused update may need as many.
_RETRY_TIMEOUT_SECONDS: Final = 30
# 30 s of pages (functions/glow/routing/walk.py), the slowest page, which takes 60 s, and a margin.
_CHANGE_TIMEOUT_SECONDS: Final = 120
# Ten messages after each other; most take 50 ms, and one whose clients all hang takes 7 s.
_LATER_TIMEOUT_SECONDS: Final = 60
_LATER_TRIES: Final = 10
# A node that does not answer takes 4 s, storing and publishing some more.
_COMPLETION_TIMEOUT_SECONDS: Final = 30
# With delays that double up to 75 s: a node that is away for ten minutes loses nothing.
_COMPLETION_TRIES: Final = 14
# With delays that double up to 75 s: an edge that is away for 20 minutes is told in the end.
_CHANGE_TRIES: Final = 20


@dataclass(frozen=True, kw_only=True)
class Storage:
    """Tables and queues.

    The queue of what the edge did not take is there even without an edge. So the flag makes and
    deletes nothing, and what was meant for an edge that is gone is counted before it is dropped.
    """

    prices: PriceStore
    candles: CandleStore
    routes: RouteStore
    updates: FifoQueue
    undelivered: FifoQueue
    """Updates that the edge did not take, and is offered again."""
    route_tasks: FifoQueue
    later: DelayQueue
    """What is to be done in some seconds."""
    completions: DelayQueue
    """What the chain is to be asked for."""


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    prefix: str
    protected: bool
    edge_retry_tries: int
    key_arn: pulumi.Input[str] | None
    """What encrypts the queues. None: SQS's own key."""


def declare_storage(name: str, args: StorageArgs, parent: pulumi.Resource) -> Storage:
    child = pulumi.ResourceOptions(parent=parent)
    prices = PriceStore(
        f"{name}-store", PriceStoreArgs(prefix=args.prefix, protected=args.protected), child
    )
    return Storage(
        prices=prices,
        candles=CandleStore(
            f"{name}-candles",
            CandleStoreArgs(
                prefix=args.prefix,
                protected=args.protected,
                changes_arn=prices.prices.stream_arn,
                key_arn=args.key_arn,
            ),
            child,
        ),
        routes=RouteStore(
            f"{name}-routing", RouteStoreArgs(prefix=args.prefix, protected=args.protected), child
        ),
        updates=FifoQueue(
            f"{name}-queue",
            WorkerQueueArgs(
                prefix=args.prefix,
                lane="Broadcast",
                carries="updates",
                tries=_BROADCAST_TRIES,
                worker_timeout_seconds=_BROADCAST_TIMEOUT_SECONDS,
                key_arn=args.key_arn,
            ),
            child,
        ),
        undelivered=FifoQueue(
            f"{name}-edge-retry-queue",
            WorkerQueueArgs(
                prefix=args.prefix,
                lane="EdgeRetry",
                carries="debts",
                tries=args.edge_retry_tries,
                worker_timeout_seconds=_RETRY_TIMEOUT_SECONDS,
                key_arn=args.key_arn,
            ),
            child,
        ),
        route_tasks=FifoQueue(
            f"{name}-route-queue",
            WorkerQueueArgs(
                prefix=args.prefix,
                lane="Route",
                carries="route-tasks",
                tries=_CHANGE_TRIES,
                worker_timeout_seconds=_CHANGE_TIMEOUT_SECONDS,
                key_arn=args.key_arn,
            ),
            child,
        ),
        later=DelayQueue(
            f"{name}-later-queue",
            WorkerQueueArgs(
                prefix=args.prefix,
                lane="Later",
                carries="later",
                tries=_LATER_TRIES,
                worker_timeout_seconds=_LATER_TIMEOUT_SECONDS,
                key_arn=args.key_arn,
            ),
            child,
        ),
        completions=DelayQueue(
            f"{name}-completion-queue",
            WorkerQueueArgs(
                prefix=args.prefix,
                lane="Completion",
                carries="completions",
                tries=_COMPLETION_TRIES,
                worker_timeout_seconds=_COMPLETION_TIMEOUT_SECONDS,
                key_arn=args.key_arn,
            ),
            child,
        ),
    )
