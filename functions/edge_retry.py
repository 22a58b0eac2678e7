"""EdgeRetryWorker: posts to the edge again what it did not take, a batch of the edge retry queue."""

import asyncio
import os
from collections.abc import Sequence
from typing import Final, Protocol

from functions.environment import Environment
from functions.glow import log, metrics
from functions.glow.edge.client import EdgeClient
from functions.glow.edge.retry import Redelivery, redeliver
from functions.glow.queues.batch import Batch, SqsAnswer, SqsEvent, TokenUpdates, sort_batch
from functions.glow.queues.dead_letters import DeadLetterQueue
from functions.glow.queues.retry_queue import RetryQueue
from functions.glow.runtime import aws
from functions.glow.runtime.loop import event_loop

# Nobody waits for this post, and a slow answer is better than one more try.
POST_TIMEOUT_MS: Final = 5_000
# Time kept back for the queues: a function that times out acknowledges nothing.
RESERVE_SECONDS: Final = 5.0

_ENVIRONMENT: Final = Environment(os.environ)
_SQS: Final = aws.sqs(_ENVIRONMENT.aws_region)
_DEAD_LETTERS: Final = DeadLetterQueue(_SQS, _ENVIRONMENT.edge_retry_dead_letter_queue_url)
_QUEUE: Final = RetryQueue(
    _SQS,
    _ENVIRONMENT.edge_retry_queue_url,
    base_seconds=_ENVIRONMENT.edge_retry_base_seconds,
    max_tries=_ENVIRONMENT.edge_retry_tries,
)


def _edge() -> EdgeClient | None:
    if not _ENVIRONMENT.edge_is_configured:
        return None
    return EdgeClient(
        _ENVIRONMENT.edge_broadcast_url,
        _ENVIRONMENT.edge_broadcast_secrets,
        timeout_ms=POST_TIMEOUT_MS,
    )


_EDGE: Final = _edge()


class LambdaContext(Protocol):
    def get_remaining_time_in_millis(self) -> int: ...


@metrics.metered("edge_retry_ended", stack=_ENVIRONMENT.stack)
def handler(event: SqsEvent, context: LambdaContext) -> SqsAnswer:
    seconds = context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS
    batch = sort_batch(event["Records"])
    redeliveries = event_loop().run_until_complete(_redeliver(batch, seconds))
    refused = [poison for redelivery in redeliveries for poison in redelivery.refused]
    failed = _DEAD_LETTERS.send([*batch.poison, *refused])
    for redelivery in redeliveries:
        failed += _postpone(redelivery)
    metrics.record(metrics.EDGE_RETRY_RETURNED, len(failed))
    metrics.record(metrics.EDGE_RETRY_DELIVERED, _delivered(batch, redeliveries))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _delivered(batch: Batch, redeliveries: Sequence[Redelivery]) -> int:
    """How many updates the edge took."""
    waiting = sum(len(of_token.records) for of_token in batch.tokens.values())
    left = sum(len(each.undelivered) + len(each.refused) for each in redeliveries)
    return waiting - left if redeliveries else 0


async def _redeliver(batch: Batch, seconds: float) -> list[Redelivery]:
    """Post every token's updates, side by side."""
    if _EDGE is None:
        for token, waiting in batch.tokens.items():
            log.warning("undelivered_updates_dropped", token=token, updates=len(waiting.updates))
        return []
    return await asyncio.gather(
        *(_redeliver_one(_EDGE, token, waiting, seconds) for token, waiting in batch.tokens.items())
    )


async def _redeliver_one(
    edge: EdgeClient, token: str, waiting: TokenUpdates, seconds: float
) -> Redelivery:
    try:
        async with asyncio.timeout(seconds):
            redelivery = await redeliver(edge, token, waiting)
    except TimeoutError:
        reason = f"over the {seconds:.0f} s that were left"
        redelivery = Redelivery(undelivered=waiting.records, reason=reason)
    log.info(
        "updates_undelivered" if redelivery.undelivered else "updates_redelivered",
        token=token,
        updates=len(waiting.updates),
        undelivered=len(redelivery.undelivered),
        refused=len(redelivery.refused),
        reason=redelivery.reason,
    )
    return redelivery


def _postpone(redelivery: Redelivery) -> list[str]:
    """Have what was not delivered come again later, in its order; the ids of its messages."""
    if not redelivery.undelivered:
        return []
    seconds = _QUEUE.postpone(redelivery.undelivered)
    log.info("updates_postponed", updates=len(redelivery.undelivered), seconds=seconds)
    return [record["messageId"] for record in redelivery.undelivered]
