"""HeliusPriceWebhook: `POST /webhook/price`. A trade is stored, then published, within 1 second."""

import os
import time
from functools import cache
from typing import Final

from functions.environment import Environment
from functions.glow import log
from functions.glow.paths import Path
from functions.glow.prices.table import PriceTable
from functions.glow.publisher import Publisher
from functions.glow.queues.publisher import QueuePublisher
from functions.glow.routing.cache import RouteCache
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.table import RouteTable
from functions.glow.routing.tasks import TaskQueue
from functions.glow.runtime import aws
from functions.glow.runtime.bearer import require_bearer
from functions.glow.runtime.deadline import deadline
from functions.glow.runtime.http import (
    HttpEvent,
    HttpRequest,
    HttpResponse,
    answers_errors,
    json_response,
)
from functions.glow.runtime.parallel import by_the_deadline
from functions.glow.trades.intake import Intake, Receipt
from functions.glow.trades.parse import parse_webhook

MAX_BODY_BYTES: Final = 4 * 1024 * 1024  # its escaped text fits Lambda's request limit of 6 MB
# Of Helius's second; the rest is the way here and back. What is not done by then is answered 503: its
# next try finds what was stored, and publishes it.
ANSWER_WITHIN_SECONDS: Final = 0.85

# Made at import, when Lambda gives the process full CPU speed. None of it uses the network.
_ENVIRONMENT: Final = Environment(os.environ)
_SECRETS: Final = _ENVIRONMENT.helius_webhook_secrets
_TOKENS: Final = _ENVIRONMENT.tokens
_REGION: Final = _ENVIRONMENT.aws_region
_TIMEOUT_MS: Final = _ENVIRONMENT.call_timeout_ms
_DYNAMODB: Final = aws.dynamodb(_REGION, timeout_ms=_TIMEOUT_MS)
_SQS: Final = aws.sqs(_REGION, timeout_ms=_TIMEOUT_MS)
_BROADCAST_QUEUE: Final = QueuePublisher(
    _SQS, _ENVIRONMENT.broadcast_queue_url, name="the broadcast queue"
)
_ROUTE_TABLE: Final = RouteTable(_DYNAMODB, _ENVIRONMENT.routes_table)
_ROUTES: Final = RouteCache(_ROUTE_TABLE, _ENVIRONMENT.policy)


@cache
def _publisher(path: Path) -> Publisher | None:
    if path == "aws":
        return _BROADCAST_QUEUE
    return _edge_publisher() if _ENVIRONMENT.edge_is_configured else None


def _edge_publisher() -> Publisher:
    # Imported here: without the edge, asyncio and the layer's packages would be loaded for nothing.
    from functions.glow.edge.client import EdgeClient  # noqa: PLC0415
    from functions.glow.edge.publisher import FALLBACK_MS, EdgePublisher  # noqa: PLC0415
    from functions.glow.edge.rooms import EdgeRooms  # noqa: PLC0415
    from functions.glow.routing.watch import EdgeWatch  # noqa: PLC0415
    from functions.glow.runtime.loop import event_loop  # noqa: PLC0415

    event_loop()  # loads uvloop
    retry_queue = QueuePublisher(
        _SQS, _ENVIRONMENT.edge_retry_queue_url, name="the edge retry queue"
    )
    client = EdgeClient(
        _ENVIRONMENT.edge_broadcast_url,
        _ENVIRONMENT.edge_broadcast_secrets,
        timeout_ms=_TIMEOUT_MS,
        reserve_ms=FALLBACK_MS,
    )
    tasks = TaskQueue(_SQS, _ENVIRONMENT.route_queue_url)
    process = os.urandom(4).hex()
    return EdgePublisher(
        client,
        fallbacks=[_BROADCAST_QUEUE, retry_queue],
        watch=EdgeWatch(_ROUTE_TABLE, _ROUTES, tasks, EdgeRooms(client), process=process),
    )


if _ENVIRONMENT.edge_is_on:
    _publisher("edge")  # now, not within the one second that a trade has


_INTAKE: Final = Intake(
    prices=PriceTable(_DYNAMODB, _ENVIRONMENT.prices_table),
    retention_seconds=_ENVIRONMENT.price_retention_seconds,
    routes=_ROUTES,
    known_tokens=KnownTokens(_DYNAMODB, _ENVIRONMENT.routes_table),
    publisher=_publisher,
)


@answers_errors
def handler(event: HttpEvent, _context: object) -> HttpResponse:
    with deadline(ANSWER_WITHIN_SECONDS):
        request = HttpRequest.from_event(event)
        body = request.body(max_bytes=MAX_BODY_BYTES)
        require_bearer(request.headers.get("authorization"), _SECRETS)
        receipt = by_the_deadline(lambda: _take(body, request.headers.get("x-token")))
    log.info(
        "webhook_answered",
        stored=receipt.stored,
        duplicates=receipt.duplicates,
        skipped=[skip.reason for skip in receipt.skipped],
        bytes=len(body),
    )
    return json_response(200, receipt.to_dict())


def _take(body: bytes, x_token: str | None) -> Receipt:
    now = time.time()
    trades = parse_webhook(body, x_token=x_token, tokens=_TOKENS, now=now)
    return _INTAKE.take(trades, now=now)
