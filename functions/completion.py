"""CompletionWorker: asks the chain for what came trimmed, a batch of CompletionQueue."""

import os
import time
from collections.abc import Sequence
from typing import Final

from functions.environment import Environment
from functions.glow import log
from functions.glow.chain.rpc import RpcClient
from functions.glow.errors import BadRequest
from functions.glow.prices.table import PriceTable
from functions.glow.queues.batch import Poison, SqsAnswer, SqsEvent, SqsRecord
from functions.glow.queues.dead_letters import DeadLetterQueue
from functions.glow.queues.later import LaterQueue
from functions.glow.queues.retry_queue import RetryQueue
from functions.glow.routing.cache import RouteCache
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.market import Market, RoutesAndRate
from functions.glow.routing.table import RouteTable
from functions.glow.runtime import aws
from functions.glow.runtime.loop import event_loop
from functions.glow.trades.completion import Completion
from functions.glow.trades.completion_orders import CompletionOrder, parse_order
from functions.glow.trades.gatekeeper import Gatekeeper
from functions.glow.trades.intake import Intake
from functions.glow.trades.release import ReleaseQueue
from functions.glow.trades.setup import routed_publisher

# Nobody waits for this post, and a slow answer is better than one more try.
EDGE_TIMEOUT_MS: Final = 5_000

_ENVIRONMENT: Final = Environment(os.environ)
_DYNAMODB: Final = aws.dynamodb(_ENVIRONMENT.aws_region)
_SQS: Final = aws.sqs(_ENVIRONMENT.aws_region)
_DEAD_LETTERS: Final = DeadLetterQueue(_SQS, _ENVIRONMENT.completion_dead_letter_queue_url)
_QUEUE: Final = RetryQueue(
    _SQS, _ENVIRONMENT.completion_queue_url, base_seconds=1, max_tries=_ENVIRONMENT.completion_tries
)
_RPC: Final = RpcClient(_ENVIRONMENT.rpc_url)
_PRICES: Final = PriceTable(_DYNAMODB, _ENVIRONMENT.prices_table)
_ROUTE_TABLE: Final = RouteTable(_DYNAMODB, _ENVIRONMENT.routes_table)
_ROUTES_AND_RATE: Final = RoutesAndRate(_ROUTE_TABLE)
_ROUTES: Final = RouteCache(_ROUTES_AND_RATE, _ENVIRONMENT.policy)
_MARKET: Final = Market(
    _ROUTES_AND_RATE, _ROUTES, max_age_seconds=_ENVIRONMENT.sol_usd_max_age_seconds
)
_COMPLETION: Final = Completion(
    Intake(
        prices=_PRICES,
        retention_seconds=_ENVIRONMENT.price_retention_seconds,
        gate=Gatekeeper(_PRICES, _ENVIRONMENT.max_price_jump),
        releases=ReleaseQueue(LaterQueue(_SQS, _ENVIRONMENT.later_queue_url)),
        known_tokens=KnownTokens(_DYNAMODB, _ENVIRONMENT.routes_table),
        published=routed_publisher(
            _ROUTE_TABLE,
            _ROUTES,
            _SQS,
            _ENVIRONMENT.publish_settings(edge_timeout_ms=EDGE_TIMEOUT_MS),
        ),
    ),
    _ENVIRONMENT.tokens,
)


def handler(event: SqsEvent, _context: object) -> SqsAnswer:
    """The whole batch is asked for at once. What failed comes again, each by itself."""
    jobs, poisons = _sorted(event["Records"])
    signatures = [order.signature for _, order in jobs]
    answers = event_loop().run_until_complete(_RPC.transactions(signatures))
    now = time.time()
    outcomes = _COMPLETION.complete(
        [order for _, order in jobs], answers, now=now, dollars=_MARKET.dollars(now=now)
    )
    failed: list[str] = []
    for (record, _), outcome in zip(jobs, outcomes, strict=True):
        if isinstance(outcome, BadRequest):
            poisons.append(Poison(record, str(outcome)))
        elif outcome is not None:
            _postpone(record, reason=str(outcome))
            failed.append(record["messageId"])
    failed += _DEAD_LETTERS.send(poisons)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _sorted(
    records: Sequence[SqsRecord],
) -> tuple[list[tuple[SqsRecord, CompletionOrder]], list[Poison]]:
    """The records with their orders, and those that hold none."""
    jobs: list[tuple[SqsRecord, CompletionOrder]] = []
    poisons: list[Poison] = []
    for record in records:
        try:
            jobs.append((record, parse_order(record["body"])))
        except BadRequest as error:
            poisons.append(Poison(record, str(error)))
    return jobs, poisons


def _postpone(record: SqsRecord, *, reason: str) -> None:
    pause = _QUEUE.postpone([record])
    log.warning("completion_postponed", messageId=record["messageId"], reason=reason, seconds=pause)
