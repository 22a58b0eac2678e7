"""HeliusPriceWebhook: `POST /webhook/price`. A trade is stored, then published, within 1 second."""

import os
import time
from typing import Final

from functions.environment import Environment
from functions.glow import metrics
from functions.glow.prices.table import PriceTable
from functions.glow.queues.delay_queue import DelayQueue
from functions.glow.queues.later import LaterQueue
from functions.glow.routing.cache import RouteCache
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.market import Market, RoutesAndRate
from functions.glow.routing.table import RouteTable
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
from functions.glow.trades.completion_orders import CompletionQueue
from functions.glow.trades.gatekeeper import Gatekeeper
from functions.glow.trades.intake import Intake, Receipt
from functions.glow.trades.parse import MAX_BODY_BYTES, parse_webhook
from functions.glow.trades.release import ReleaseQueue
from functions.glow.trades.setup import routed_publisher

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
_PRICES: Final = PriceTable(_DYNAMODB, _ENVIRONMENT.prices_table)
_ROUTE_TABLE: Final = RouteTable(_DYNAMODB, _ENVIRONMENT.routes_table)
_ROUTES_AND_RATE: Final = RoutesAndRate(_ROUTE_TABLE)
_ROUTES: Final = RouteCache(_ROUTES_AND_RATE, _ENVIRONMENT.policy)
_MARKET: Final = Market(
    _ROUTES_AND_RATE, _ROUTES, max_age_seconds=_ENVIRONMENT.sol_usd_max_age_seconds
)
_PUBLISHED: Final = routed_publisher(
    _ROUTE_TABLE, _ROUTES, _SQS, _ENVIRONMENT.publish_settings(edge_timeout_ms=_TIMEOUT_MS)
)
if _ENVIRONMENT.edge_is_on:
    _PUBLISHED.publisher("edge")  # now, not within the one second that a trade has

_PER_BODY: Final = _ENVIRONMENT.completions_per_body
_COMPLETIONS: Final = (
    CompletionQueue(
        DelayQueue(_SQS, _ENVIRONMENT.completion_queue_url, name="the completion queue"),
        _PER_BODY,
        _TOKENS,
    )
    if _PER_BODY
    else None
)
_INTAKE: Final = Intake(
    prices=_PRICES,
    retention_seconds=_ENVIRONMENT.price_retention_seconds,
    gate=Gatekeeper(_PRICES, _ENVIRONMENT.max_price_jump),
    releases=ReleaseQueue(LaterQueue(_SQS, _ENVIRONMENT.later_queue_url)),
    known_tokens=KnownTokens(_DYNAMODB, _ENVIRONMENT.routes_table),
    published=_PUBLISHED,
    completions=_COMPLETIONS,
)


@metrics.metered("webhook_answered", stack=_ENVIRONMENT.stack, duration=metrics.WEBHOOK_MS)
@answers_errors
def handler(event: HttpEvent, _context: object) -> HttpResponse:
    with deadline(ANSWER_WITHIN_SECONDS):
        request = HttpRequest.from_event(event)
        # First, so that a stranger's request counts as that and rings nothing.
        shown = require_bearer(request.headers.get("authorization"), _SECRETS)
        metrics.record(metrics.PREVIOUS_SECRET, int(shown != _SECRETS[0]))
        body = request.body(max_bytes=MAX_BODY_BYTES)
        metrics.note(bytes=len(body))
        receipt = by_the_deadline(lambda: _take(body, request.headers.get("x-token")))
    metrics.record(metrics.ACCEPTED)
    receipt.record()
    return json_response(200, receipt.to_dict())


def _take(body: bytes, x_token: str | None) -> Receipt:
    now = time.time()
    trades = parse_webhook(
        body, x_token=x_token, tokens=_TOKENS, now=now, dollars=_MARKET.dollars(now=now)
    )
    return _INTAKE.take(trades, now=now)
