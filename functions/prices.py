"""PriceApi: `GET` and `HEAD /health/live`, `/tokens/{token}/price`, `/tokens/{token}/prices`; all preflights."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from functions.environment import Environment
from functions.glow.errors import NoPrice, UnknownPath
from functions.glow.listeners.admission import Admission
from functions.glow.metrics import metered
from functions.glow.prices.span import Last, parse_span
from functions.glow.prices.table import PriceTable
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
from functions.glow.update import Update

MAX_PAGE_UPDATES: Final = 1_000

_ENVIRONMENT: Final = Environment(os.environ)
_TOKENS: Final = _ENVIRONMENT.tokens
_SYMBOLS: Final = _ENVIRONMENT.symbols
_ADMISSION: Final = Admission(_ENVIRONMENT.listener_keys, trusted=_ENVIRONMENT.trusted_readers)
_RETENTION_SECONDS: Final = _ENVIRONMENT.price_retention_seconds
_TABLE: Final = PriceTable(aws.dynamodb(_ENVIRONMENT.aws_region), _ENVIRONMENT.prices_table)

Content = Mapping[str, object]


@lets_pages_read(_ENVIRONMENT.allowed_origins)
@_ADMISSION.answers_privately
@answers_errors
@metered("access_token_verified", stack=_ENVIRONMENT.stack)
def handler(event: HttpEvent, _context: object) -> HttpResponse:
    request = HttpRequest.from_event(event)
    read = _ROUTES.get(request.route)
    if read is None:
        raise UnknownPath(f"no such path; there are {', '.join(_ROUTES)}")
    return json_response(200, read(request, time.time()))


def _read_health(_request: HttpRequest, now: float) -> Content:
    moment = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    return {"status": "healthy", "timestamp": moment.replace("+00:00", "Z")}


def _read_price(request: HttpRequest, now: float) -> Content:
    token = _token(request, now)
    newest = _TABLE.newest(token, now=now)
    if newest is None:
        raise NoPrice(f"no price of {token} is stored; one comes with its next trade")
    return newest.to_dict()


def _read_prices(request: HttpRequest, now: float) -> Content:
    token = _token(request, now)
    span = parse_span(request.query, now=now, retention_seconds=_RETENTION_SECONDS)
    if isinstance(span, Last):
        return _content(token, _TABLE.tail(token, limit=span.count, now=now), None)
    page = _TABLE.page(token, after=span.after, until=span.until, limit=MAX_PAGE_UPDATES, now=now)
    return _content(token, page.updates, page.next)


def _content(token: str, updates: Sequence[Update], next_: str | None) -> Content:
    return {"token": token, "prices": [update.to_dict() for update in updates], "next": next_}


def _token(request: HttpRequest, now: float) -> str:
    claims = _ADMISSION.admit(request.headers.get("authorization"), now=now)
    token = parse_token(request.path_parameters.get("token"), where="the path's token")
    return require_known(claims.require(token), _TOKENS, _SYMBOLS)


_ROUTES: Final[Mapping[str, Callable[[HttpRequest, float], Content]]] = {
    "GET /health/live": _read_health,
    "HEAD /health/live": _read_health,
    "GET /tokens/{token}/price": _read_price,
    "GET /tokens/{token}/prices": _read_prices,
}
