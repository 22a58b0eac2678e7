"""Discovery: `GET /connect/{token}` says which path a client is to use now."""

import os
import time
from typing import Final

from functions.environment import Environment
from functions.glow import log
from functions.glow.errors import Unavailable
from functions.glow.listeners.admission import Admission
from functions.glow.routing.cache import RouteCache
from functions.glow.routing.discovery import parse_preferences, where_to_connect
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.table import RouteTable
from functions.glow.runtime import aws
from functions.glow.runtime.cors import lets_pages_read
from functions.glow.runtime.http import (
    HttpEvent,
    HttpRequest,
    HttpResponse,
    answers_errors,
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


@lets_pages_read(_ENVIRONMENT.allowed_origins)
@_ADMISSION.answers_privately
@answers_errors
def handler(event: HttpEvent, _context: object) -> HttpResponse:
    now = time.time()
    request = HttpRequest.from_event(event)
    claims = _ADMISSION.admit(request.headers.get("authorization"), now=now)
    token = claims.require(
        parse_token(request.path_parameters.get("token"), where="the path's token")
    )
    preferences = parse_preferences(request.query)
    require_known(token, _TOKENS, _SYMBOLS)
    answer = where_to_connect(
        token,
        preferences,
        _ROUTES.known(),
        _ENDPOINTS,
        is_surely_told=lambda token: _is_surely_told(token, now),
        now_ms=int(now * 1_000),
    )
    response = json_response(200, answer)
    response["headers"]["cache-control"] = f"public, max-age={MAX_AGE_SECONDS}"
    return response


def _is_surely_told(token: str, now: float) -> bool:
    try:
        return _KNOWN_TOKENS.is_surely_told(token, now=now)
    except Unavailable as error:
        log.warning("token_not_looked_up", reason=str(error))
        return False
