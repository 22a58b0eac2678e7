"""LaterWorker: does what was put off for some seconds, a batch of LaterQueue."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from functions.environment import Environment
from functions.glow import log
from functions.glow.errors import BadRequest, Unavailable
from functions.glow.fields import Json
from functions.glow.metrics import metered
from functions.glow.prices.table import PriceTable
from functions.glow.queues.batch import Poison, SqsAnswer, SqsEvent, SqsRecord
from functions.glow.queues.dead_letters import DeadLetterQueue
from functions.glow.queues.later import Kind, LaterQueue, parse_later
from functions.glow.queues.retry_queue import RetryQueue
from functions.glow.routing.cache import RouteCache
from functions.glow.routing.table import RouteTable
from functions.glow.runtime import aws
from functions.glow.runtime.loop import event_loop
from functions.glow.sockets.catch_up import parse_catch_up
from functions.glow.sockets.catching_up import CatchingUp
from functions.glow.sockets.lag import LagTable
from functions.glow.sockets.setup import connection_poster
from functions.glow.sockets.subscriptions import SubscriptionTable
from functions.glow.trades.release import Release, parse_release
from functions.glow.trades.setup import routed_publisher

# Nobody waits for this post, and a slow answer is better than one more try.
EDGE_TIMEOUT_MS: Final = 5_000
# Time kept back for the queues: a function that times out acknowledges nothing.
RESERVE_SECONDS: Final = 5.0

_ENVIRONMENT: Final = Environment(os.environ)
_DYNAMODB: Final = aws.dynamodb(_ENVIRONMENT.aws_region)
_SQS: Final = aws.sqs(_ENVIRONMENT.aws_region)
_DEAD_LETTERS: Final = DeadLetterQueue(_SQS, _ENVIRONMENT.later_dead_letter_queue_url)
_QUEUE: Final = RetryQueue(
    _SQS, _ENVIRONMENT.later_queue_url, base_seconds=1, max_tries=_ENVIRONMENT.later_tries
)
_PRICES: Final = PriceTable(_DYNAMODB, _ENVIRONMENT.prices_table)
_CATCHING_UP: Final = CatchingUp(
    LagTable(_DYNAMODB, _ENVIRONMENT.connections_table),
    SubscriptionTable(_DYNAMODB, _ENVIRONMENT.connections_table),
    _PRICES,
    connection_poster(_DYNAMODB, _ENVIRONMENT.post_settings),
    LaterQueue(_SQS, _ENVIRONMENT.later_queue_url),
)


_ROUTE_TABLE: Final = RouteTable(_DYNAMODB, _ENVIRONMENT.routes_table)
_RELEASE: Final = Release(
    _PRICES,
    _ENVIRONMENT.max_price_jump,
    routed_publisher(
        _ROUTE_TABLE,
        RouteCache(_ROUTE_TABLE, _ENVIRONMENT.policy),
        _SQS,
        _ENVIRONMENT.publish_settings(edge_timeout_ms=EDGE_TIMEOUT_MS),
    ),
)


def _catch_up(fields: Json, seconds: float) -> None:
    async def run() -> None:
        async with asyncio.timeout(seconds):
            await _CATCHING_UP.run(parse_catch_up(fields), now=time.time())

    event_loop().run_until_complete(run())


def _release(fields: Json, _seconds: float) -> None:
    """Its calls have time-outs of their own, and publishing to the edge runs the event loop itself."""
    _RELEASE.run(parse_release(fields), now=time.time())


# What each kind of message asks for, within some seconds. Raises BadRequest for what no retry can
# mend, Unavailable or TimeoutError for what one can.
_DO: Final[Mapping[Kind, Callable[[Json, float], None]]] = {
    "catch_up": _catch_up,
    "release": _release,
}


class LambdaContext(Protocol):
    def get_remaining_time_in_millis(self) -> int: ...


@metered("later_ended", stack=_ENVIRONMENT.stack)
def handler(event: SqsEvent, context: LambdaContext) -> SqsAnswer:
    """One record after the other: two that name the same connection are not carried out at once."""
    failed = [record["messageId"] for record in event["Records"] if not _is_done(record, context)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _is_done(record: SqsRecord, context: LambdaContext) -> bool:
    seconds = context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS
    try:
        later = parse_later(record["body"])
        _DO[later.kind](later.fields, seconds)
    except BadRequest as error:
        return not _DEAD_LETTERS.send([Poison(record, str(error))])
    except (Unavailable, TimeoutError) as error:
        reason = str(error) or f"over the {seconds:.0f} s that were left"
        pause = _QUEUE.postpone([record])
        log.exception("later_failed", messageId=record["messageId"], reason=reason, seconds=pause)
        return False
    return True
