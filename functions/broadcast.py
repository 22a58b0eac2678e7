"""BroadcastWorker: sends a batch of the broadcast queue to the connections of its tokens."""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from functions.environment import Environment
from functions.glow import log, metrics
from functions.glow.errors import GlowError
from functions.glow.prices.table import PriceTable
from functions.glow.queues.batch import (
    Batch,
    SqsAnswer,
    SqsEvent,
    SqsRecord,
    TokenUpdates,
    sort_batch,
)
from functions.glow.queues.dead_letters import DeadLetterQueue
from functions.glow.queues.later import LaterQueue
from functions.glow.queues.retry_queue import RetryQueue
from functions.glow.runtime import aws
from functions.glow.runtime.loop import event_loop
from functions.glow.sockets.fanout import FanOut
from functions.glow.sockets.lag import LagTable
from functions.glow.sockets.setup import connection_poster
from functions.glow.sockets.subscriptions import SubscriptionTable
from functions.glow.update import Update

# Time kept back for the answer: a function that times out acknowledges nothing.
RESERVE_SECONDS: Final = 2.0

_ENVIRONMENT: Final = Environment(os.environ)
_REGION: Final = _ENVIRONMENT.aws_region
_DYNAMODB: Final = aws.dynamodb(_REGION)
_PRICES: Final = PriceTable(_DYNAMODB, _ENVIRONMENT.prices_table)
_SQS: Final = aws.sqs(_REGION)
_POST_SETTINGS: Final = _ENVIRONMENT.post_settings
_FAN_OUT: Final = FanOut(
    SubscriptionTable(_DYNAMODB, _ENVIRONMENT.connections_table),
    LagTable(_DYNAMODB, _ENVIRONMENT.connections_table),
    connection_poster(_DYNAMODB, _POST_SETTINGS),
    LaterQueue(_SQS, _ENVIRONMENT.later_queue_url),
)
_DEAD_LETTERS: Final = DeadLetterQueue(_SQS, _ENVIRONMENT.broadcast_dead_letter_queue_url)
_QUEUE: Final = RetryQueue(
    _SQS,
    _ENVIRONMENT.broadcast_queue_url,
    base_seconds=1,
    max_tries=_ENVIRONMENT.broadcast_tries,
)


@dataclass(frozen=True, slots=True)
class _Ending:
    """The messages of one token that have to come again, and how many connections were posted to."""

    failed: Sequence[str] = ()
    posted: int = 0


class LambdaContext(Protocol):
    def get_remaining_time_in_millis(self) -> int: ...


@metrics.metered("batch_broadcast", stack=_ENVIRONMENT.stack)
def handler(event: SqsEvent, context: LambdaContext) -> SqsAnswer:
    seconds = context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS
    batch = sort_batch(event["Records"])
    failed = {
        *_DEAD_LETTERS.send(batch.poison),
        *event_loop().run_until_complete(_broadcast(batch, seconds)),
    }
    again = [record for record in event["Records"] if record["messageId"] in failed]
    _postpone(again)
    metrics.record(metrics.RETURNED, len(again))
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in again]}


def _postpone(records: Sequence[SqsRecord]) -> None:
    """Have `records` come again in seconds. Otherwise the queue would hide them, and with them all
    that follows in their group, for its visibility time-out: three minutes of silence."""
    groups: defaultdict[str, list[SqsRecord]] = defaultdict(list)
    for record in records:
        groups[record["attributes"]["MessageGroupId"]].append(record)
    for group, of_group in groups.items():
        seconds = _QUEUE.postpone(of_group)
        log.info("updates_postponed", group=group, updates=len(of_group), seconds=seconds)


async def _broadcast(batch: Batch, seconds: float) -> list[str]:
    """Send every token's updates, side by side; the ids of the messages that have to come again."""
    started = time.monotonic()
    endings = await asyncio.gather(
        *(_send(token, of_token, seconds) for token, of_token in batch.tokens.items())
    )
    _record_share(sum(ending.posted for ending in endings), time.monotonic() - started)
    return [message_id for ending in endings for message_id in ending.failed]


def _record_share(posted: int, seconds: float) -> None:
    """The quota is of a second: what took less has the rest of it to itself."""
    share = posted / max(seconds, 1.0) / _POST_SETTINGS.quota.posts_per_second
    metrics.record(metrics.QUOTA_PERCENT, round(100 * share, 2))


async def _send(token: str, of_token: TokenUpdates, seconds: float) -> _Ending:
    """Send one token's updates. If that fails all its messages come again, which keeps the order."""
    started = time.time()

    def newest() -> Update | None:
        return _PRICES.newest(token, now=started)

    try:
        async with asyncio.timeout(seconds):
            tally = await _FAN_OUT.send(token, of_token.updates, newest=newest, now=started)
    except (GlowError, TimeoutError) as error:
        reason = str(error) or f"over the {seconds:.0f} s that were left"
        log.exception("fan_out_failed", token=token, ids=_ids(of_token), reason=reason)
        return _Ending(failed=of_token.message_ids)
    _record_times(of_token, started)
    log.info(
        "fan_out_done",
        token=token,
        ids=_ids(of_token),
        posted=tally.posted,
        gone=len(tally.gone),
        failing=len(tally.failing),
        duration_ms=int((time.time() - started) * 1000),
        age_ms=int((time.time() - of_token.updates[0].timestamp) * 1000),
    )
    return _Ending(posted=tally.posted)


def _ids(of_token: TokenUpdates) -> list[str]:
    """For `ops trace`, which looks for one of them."""
    return [update.id for update in of_token.updates]


def _record_times(of_token: TokenUpdates, started: float) -> None:
    """How long the posts took, and how long ago the first of these updates was sent to the queue."""
    now = time.time()
    metrics.record(metrics.FAN_OUT_MS, int((now - started) * 1000))
    sent_ms = of_token.records[0]["attributes"].get("SentTimestamp")
    if sent_ms is not None:
        metrics.record(metrics.DELIVERY_MS, int(now * 1000) - int(sent_ms))
