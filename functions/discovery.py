"""Discovery: which path a client is to use now.

`GET /connect/{token}` answers for a token, `GET /connect?tokens=a,b,c` for many in one call.
"""

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from typing import Final

from functions.environment import Environment
from functions.glow import log
from functions.glow.errors import Refused, Unavailable
from functions.glow.listeners.admission import Admission
from functions.glow.listeners.claims import Claims
from functions.glow.metrics import metered
from functions.glow.routing.cache import RouteCache
from functions.glow.routing.discovery import (
    Preferences,
    parse_preferences,
    parse_tokens,
    where_to_connect,
)
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.table import RouteTable
from functions.glow.runtime import aws
from functions.glow.runtime.cors import lets_pages_read
from functions.glow.runtime.http import (
    HttpEvent,
    HttpRequest,
    HttpResponse,
    answers_errors,
    error_content,
    json_response,
)
from functions.glow.token import parse_token, require_known

# Shorter than a change of route (SETTLE_MS, routing/routes.py): no answer outlives its path.
MAX_AGE_SECONDS: Final = 2

_ENVIRONMENT: Final = Environment(os.environ)
_TOKENS: Final = _ENVIRONMENT.tokens
_SYMBOLS: Final = _ENVIRONMENT.symbols
_ADMISSION: Final = Admission(_ENVIRONMENT.listener_keys)
_ENDPOINTS: Final = _ENVIRONMENT.endpoints
_DYNAMODB: Final = aws.dynamodb(_ENVIRONMENT.aws_region)
_ROUTES: Final = RouteCache(RouteTable(_DYNAMODB, _ENVIRONMENT.routes_table), _ENVIRONMENT.policy)
_KNOWN_TOKENS: Final = KnownTokens(_DYNAMODB, _ENVIRONMENT.routes_table, _TOKENS)

Content = Mapping[str, object]


@lets_pages_read(_ENVIRONMENT.allowed_origins)
@_ADMISSION.answers_privately
@answers_errors
@metered("access_token_verified", stack=_ENVIRONMENT.stack)
def handler(event: HttpEvent, _context: object) -> HttpResponse:
    request = HttpRequest.from_event(event)
    now = time.time()
    claims = _ADMISSION.admit(request.headers.get("authorization"), now=now)
    response = json_response(200, _ANSWERS[request.route](request, claims, now))
    response["headers"]["cache-control"] = f"public, max-age={MAX_AGE_SECONDS}"
    return response


def _answer_one(request: HttpRequest, claims: Claims, now: float) -> Content:
    token = parse_token(request.path_parameters.get("token"), where="the path's token")
    preferences = parse_preferences(request.query)
    require_known(claims.require(token), _TOKENS, _SYMBOLS)
    return _places([token], preferences, now)[token]


def _answer_many(request: HttpRequest, claims: Claims, now: float) -> Content:
    tokens = parse_tokens(request.query)
    preferences = parse_preferences(request.query)
    refused = {token: error for token in tokens for error in _refusals(token, claims)}
    places = _places([token for token in tokens if token not in refused], preferences, now)
    return {
        "routes": [{"token": token, **(places.get(token) or refused[token])} for token in tokens]
    }


def _refusals(token: str, claims: Claims) -> Iterator[Content]:
    """The error, if the stack does not stream `token` to this client."""
    try:
        require_known(claims.require(token), _TOKENS, _SYMBOLS)
    except Refused as error:
        yield error_content(error.code, str(error))


def _places(tokens: Sequence[str], preferences: Preferences, now: float) -> Mapping[str, Content]:
    return where_to_connect(
        tokens,
        preferences,
        _ROUTES.known(),
        _ENDPOINTS,
        surely_told=lambda tokens: _surely_told(tokens, now),
        now_ms=int(now * 1_000),
    )


def _surely_told(tokens: Collection[str], now: float) -> Set[str]:
    try:
        return _KNOWN_TOKENS.surely_told(tokens, now=now)
    except Unavailable as error:
        log.warning("tokens_not_looked_up", reason=str(error), tokens=len(tokens))
        return frozenset()


_ANSWERS: Final[Mapping[str, Callable[[HttpRequest, Claims, float], Content]]] = {
    "GET /connect/{token}": _answer_one,
    "GET /connect": _answer_many,
}
