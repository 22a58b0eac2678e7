"""PriceConnections: every route of the WebSocket API.

A single reply is the route's response. What follows a subscribe is posted, in order.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from typing import Final

from functions.environment import Environment
from functions.glow import log
from functions.glow.errors import UnknownToken
from functions.glow.origin import origin_is_allowed
from functions.glow.prices.table import PriceTable
from functions.glow.routing.cache import RouteCache
from functions.glow.routing.routes import Routes
from functions.glow.routing.table import RouteTable
from functions.glow.runtime import aws
from functions.glow.runtime.loop import event_loop
from functions.glow.sockets import messages
from functions.glow.sockets.commands import (
    Authorize,
    Ping,
    Subscribe,
    Unsubscribe,
    Wanted,
    parse_command,
)
from functions.glow.sockets.delivery import close, deliver
from functions.glow.sockets.message_rate import (
    MAX_MESSAGES,
    PERIOD_SECONDS,
    MessageRate,
    Verdict,
)
from functions.glow.sockets.opening import opening
from functions.glow.sockets.post import Outcome, Payload
from functions.glow.sockets.setup import connection_poster
from functions.glow.sockets.subscriptions import SubscriptionTable
from functions.glow.sockets.websocket import (
    ACCEPTED,
    WebSocketAnswer,
    WebSocketEvent,
    never_raises,
    reply,
)
from functions.glow.token import require_known
from functions.glow.update import Delivery

# The longest opening of one token is eight posts. Hundreds of processes may open at once: larger leases, of which
# most would stay unused, would be missing in the broadcast.
_OPENING_POSTS: Final = 10

_ENVIRONMENT: Final = Environment(os.environ)
_REGION: Final = _ENVIRONMENT.aws_region
_TOKENS: Final = _ENVIRONMENT.tokens
_SYMBOLS: Final = _ENVIRONMENT.symbols
_ORIGINS: Final = _ENVIRONMENT.allowed_origins
_DYNAMODB: Final = aws.dynamodb(_REGION)
_PRICES: Final = PriceTable(_DYNAMODB, _ENVIRONMENT.prices_table)
_SUBSCRIPTIONS: Final = SubscriptionTable(_DYNAMODB, _ENVIRONMENT.connections_table)
_MESSAGE_RATE: Final = MessageRate(_SUBSCRIPTIONS)
_ENDPOINTS: Final = _ENVIRONMENT.endpoints
_ROUTES: Final = RouteCache(RouteTable(_DYNAMODB, _ENVIRONMENT.routes_table), _ENVIRONMENT.policy)
_POSTER: Final = connection_poster(
    _DYNAMODB, _ENVIRONMENT.post_settings, posts_per_lease=_OPENING_POSTS
)


@never_raises
def handler(event: WebSocketEvent, _context: object) -> WebSocketAnswer:
    connection_id = event["requestContext"]["connectionId"]
    match event["requestContext"]["eventType"]:
        case "CONNECT":
            return _connect(connection_id, event)
        case "DISCONNECT":
            _SUBSCRIPTIONS.disconnect(connection_id)
            return ACCEPTED
        case "MESSAGE":
            return _answer(connection_id, event.get("body", ""))


def _connect(connection_id: str, event: WebSocketEvent) -> WebSocketAnswer:
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    origin = headers.get("origin")
    host = event["requestContext"]["domainName"]
    if not origin_is_allowed(
        origin,
        _ORIGINS,
        own={f"https://{host}", _ENDPOINTS.websocket_origin},
        origin_is_required=_ENVIRONMENT.origin_is_required,
    ):
        log.info("origin_refused", connectionId=connection_id, origin=origin)
        return {"statusCode": 403, "body": ""}
    _SUBSCRIPTIONS.connect(connection_id, now=time.time())
    return ACCEPTED


def _answer(connection_id: str, body: str) -> WebSocketAnswer:
    verdict = _MESSAGE_RATE.judge(connection_id, now=time.time())
    if verdict is Verdict.OVER:
        event_loop().run_until_complete(_turn_away(connection_id))
    if verdict is not Verdict.ADMITTED:
        return ACCEPTED
    match parse_command(body):
        case Ping():
            return reply(messages.pong())
        case Authorize():
            return reply(messages.authorized(None))
        case Unsubscribe(tokens, is_list):
            _SUBSCRIPTIONS.unsubscribe(connection_id, *tokens)
            return reply(messages.unsubscribed(tokens, is_list=is_list))
        case Subscribe() as command:
            return _subscribe(connection_id, command)


def _subscribe(connection_id: str, command: Subscribe) -> WebSocketAnswer:
    """Write the rows, then read, then post, so that no trade is missed. A trade stored before the
    read is in it; one stored later is broadcast to the row."""
    now = time.time()
    known, refused = _known(command.wanted)
    routes = _ROUTES.known()
    served = [
        each for each in known if "aws" in routes.open_paths(each.token, now_ms=int(now * 1_000))
    ]
    leaving = [each for each in known if "aws" not in routes.lasting_paths(each.token)]
    told = [*refused, *(_moved(each, routes) for each in leaving)]
    if not served and len(told) == 1:
        return reply(told[0])
    if served:
        deliveries: dict[str, Delivery] = {each.token: each.delivery for each in served}
        _SUBSCRIPTIONS.subscribe(connection_id, deliveries, now=now)
        subscribed = messages.subscribed([*deliveries], is_list=command.is_list)
        opened = event_loop().run_until_complete(_read_opening(served, now))
        told = [subscribed, *opened, *told]
    outcome = event_loop().run_until_complete(_post(connection_id, told))
    log.info(
        "subscribed",
        connectionId=connection_id,
        tokens=[each.token for each in served],
        messages=len(told),
        outcome=outcome.value,
    )
    if outcome is not Outcome.POSTED:
        _SUBSCRIPTIONS.disconnect(connection_id)
    return ACCEPTED


def _known(wanted: Sequence[Wanted]) -> tuple[list[Wanted], list[str]]:
    """Those of `wanted` that the stack streams, and what is said of the others."""
    known: list[Wanted] = []
    refused: list[str] = []
    for each in wanted:
        try:
            require_known(each.token, _TOKENS, _SYMBOLS)
            known.append(each)
        except UnknownToken as error:
            refused.append(messages.error(error.code, str(error), token=error.token))
    return known, refused


async def _read_opening(wanted: Sequence[Wanted], now: float) -> list[str]:
    """What the client is told of its tokens first. Meanwhile the posts are leased."""
    told, _ = await asyncio.gather(
        asyncio.to_thread(opening, _PRICES, wanted, now=now), _POSTER.lease_ahead()
    )
    return told


def _moved(wanted: Wanted, routes: Routes) -> str:
    path = routes.current.path(wanted.token)
    url = _ENDPOINTS.url(path, wanted.token)
    live_url = _ENDPOINTS.live_url(path)
    return messages.moved(
        wanted.token, path, url, live_url=live_url, after=wanted.after, jitter_ms=0
    )


async def _post(connection_id: str, told: Sequence[str]) -> Outcome:
    """Deliver the opening. A client that got only part of it is disconnected, so that it notices."""
    outcome = await deliver(_POSTER, connection_id, [Payload.of(message) for message in told])
    if outcome not in (Outcome.POSTED, Outcome.GONE):
        await close(_POSTER, connection_id)
    await _POSTER.settle()
    return outcome


async def _turn_away(connection_id: str) -> None:
    """Say why, then close. By a post, because an answer would come after the end."""
    log.info("rate_limited", connectionId=connection_id)
    limit = f"a connection may say {MAX_MESSAGES} messages in {PERIOD_SECONDS} s"
    told = messages.error("RATE_LIMITED", f"{limit}; connect again and say less")
    await deliver(_POSTER, connection_id, [Payload.of(told)])
    await close(_POSTER, connection_id)
    await _POSTER.settle()
