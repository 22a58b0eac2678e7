"""EdgeRetryWorker: a batch of the edge retry queue goes to the edge, which owes it to its clients."""

import asyncio
import os
from typing import Final, Protocol

from functions.environment import Environment
from functions.glow import log
from functions.glow.edge.client import EdgeClient
from functions.glow.edge.retry import Settlement, settle
from functions.glow.queues.batch import Batch, SqsAnswer, SqsEvent, TokenUpdates, sort_batch
from functions.glow.queues.dead_letters import DeadLetterQueue
from functions.glow.queues.retry_queue import RetryQueue
from functions.glow.runtime import aws
from functions.glow.runtime.loop import event_loop

# Nobody waits for this one, and a slow answer that comes is better than a try more.
POST_TIMEOUT_MS: Final = 5_000
# Kept of the function's time-out for the queues, so that what was done is acknowledged.
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


def handler(event: SqsEvent, context: LambdaContext) -> SqsAnswer:
    seconds = context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS
    batch = sort_batch(event["Records"])
    settlements = event_loop().run_until_complete(_settle(batch, seconds))
    refused = [poison for settlement in settlements for poison in settlement.refused]
    failed = _DEAD_LETTERS.bury([*batch.poison, *refused])
    for settlement in settlements:
        failed += _postpone(settlement)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


async def _settle(batch: Batch, seconds: float) -> list[Settlement]:
    """Settle every token's debts, side by side."""
    if _EDGE is None:
        for token, debts in batch.tokens.items():
            log.warning("debts_dropped", token=token, updates=len(debts.updates))
        return []
    return await asyncio.gather(
        *(_settle_one(_EDGE, token, debts, seconds) for token, debts in batch.tokens.items())
    )


async def _settle_one(
    edge: EdgeClient, token: str, debts: TokenUpdates, seconds: float
) -> Settlement:
    try:
        async with asyncio.timeout(seconds):
            settlement = await settle(edge, token, debts)
    except TimeoutError:
        reason = f"over the {seconds:.0f} s that were left"
        settlement = Settlement(owed=debts.records, reason=reason)
    log.info(
        "debts_settled" if not settlement.owed else "debts_still_owed",
        token=token,
        updates=len(debts.updates),
        owed=len(settlement.owed),
        refused=len(settlement.refused),
        reason=settlement.reason,
    )
    return settlement


def _postpone(settlement: Settlement) -> list[str]:
    """Let what is still owed come again later, in its order; the ids of its messages."""
    if not settlement.owed:
        return []
    seconds = _QUEUE.postpone(settlement.owed)
    log.info("debts_postponed", updates=len(settlement.owed), seconds=seconds)
    return [record["messageId"] for record in settlement.owed]
