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
from functions.glow.errors import Refused
from functions.glow.listeners.claims import EVERYTHING, Claims, expired
from functions.glow.listeners.verifier import Verifier
from functions.glow.metrics import metered
from functions.glow.origin import origin_is_allowed
from functions.glow.prices.table import PriceTable
from functions.glow.routing.cache import RouteCache
from functions.glow.routing.routes import Routes
from functions.glow.routing.table import RouteTable
from functions.glow.runtime import aws
from functions.glow.runtime.loop import event_loop
from functions.glow.sockets import messages
from functions.glow.sockets.authorizations import AuthorizationTable, not_authorized
from functions.glow.sockets.commands import (
    Authorize,
    Ping,
    Subscribe,
    Unsubscribe,
    Wanted,
    parse_command,
)
from functions.glow.sockets.delivery import close, deliver
from functions.glow.sockets.departures import turn_away
from functions.glow.sockets.message_rate import MessageRate, Verdict, rate_limited
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
_AUTHORIZATIONS: Final = AuthorizationTable(_DYNAMODB, _ENVIRONMENT.connections_table)
_LISTENER_KEYS: Final = _ENVIRONMENT.listener_keys
_VERIFIER: Final = None if _LISTENER_KEYS is None else Verifier(_LISTENER_KEYS)
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
    now = time.time()
    verdict = _MESSAGE_RATE.judge(connection_id, now=now)
    if verdict is Verdict.OVER:
        _turn_away(connection_id, rate_limited())
    if verdict is not Verdict.ADMITTED:
        return ACCEPTED
    command = parse_command(body)
    if isinstance(command, Authorize):
        return _authorize(connection_id, command, now)
    # With a ping, too: a client whose tokens are quiet has no other way to hear that it is over.
    claims = EVERYTHING if _VERIFIER is None else _AUTHORIZATIONS.find(connection_id)
    if claims is not None and claims.is_over(now):
        _turn_away(connection_id, expired())
        _SUBSCRIPTIONS.disconnect(connection_id)
        return ACCEPTED
    match command:
        case Ping():
            return reply(messages.pong())
        case Unsubscribe(tokens, is_list):
            _SUBSCRIPTIONS.unsubscribe(connection_id, *tokens)
            return reply(messages.unsubscribed(tokens, is_list=is_list))
        case Subscribe():
            if claims is None:
                raise not_authorized()
            return _subscribe(connection_id, command, claims, now)


@metered("access_token_verified", stack=_ENVIRONMENT.stack)
def _authorize(connection_id: str, command: Authorize, now: float) -> WebSocketAnswer:
    """Each message is an invocation of its own: a client that subscribes before it hears AUTHORIZED
    may be refused."""
    if _VERIFIER is None:
        return reply(messages.authorized(None))
    claims = _VERIFIER.verify(command.access_token, now=now)
    _AUTHORIZATIONS.keep(connection_id, claims)
    log.info("authorized", connectionId=connection_id, subject=claims.subject)
    return reply(messages.authorized(claims.ends_at))


def _subscribe(
    connection_id: str, command: Subscribe, claims: Claims, now: float
) -> WebSocketAnswer:
    """Write the rows, then read, then post, so that no trade is missed. A trade stored before the
    read is in it; one stored later is broadcast to the row."""
    known, refused = _known(command.wanted, claims)
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
        _SUBSCRIPTIONS.subscribe(connection_id, deliveries, now=now, ends_at=claims.ends_at)
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


def _known(wanted: Sequence[Wanted], claims: Claims) -> tuple[list[Wanted], list[str]]:
    """Those of `wanted` that the stack streams to this client, and what is said of the others."""
    known: list[Wanted] = []
    refused: list[str] = []
    for each in wanted:
        try:
            require_known(claims.require(each.token), _TOKENS, _SYMBOLS)
            known.append(each)
        except Refused as error:
            refused.append(messages.refusal(error))
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


def _turn_away(connection_id: str, refused: Refused) -> None:
    async def run() -> None:
        await turn_away(_POSTER, connection_id, messages.refusal(refused))
        await _POSTER.settle()

    log.info("turned_away", connectionId=connection_id, code=refused.code)
    event_loop().run_until_complete(run())
