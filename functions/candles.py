"""CandleApi: `GET /tokens` and `/tokens/{token}/candles`."""

import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from functions.environment import Environment
from functions.glow.candles.chart import SETTLE_SECONDS, Chart
from functions.glow.candles.query import parse_chart, parse_limit
from functions.glow.candles.raw import RawTrades
from functions.glow.candles.summary import Content, Summaries, with_age
from functions.glow.candles.table import CandleTable
from functions.glow.candles.wire import to_dict
from functions.glow.errors import UnknownPath
from functions.glow.listeners.admission import Admission
from functions.glow.listeners.claims import Claims
from functions.glow.metrics import metered
from functions.glow.prices.table import PriceTable
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.token_pages import TokenPages
from functions.glow.runtime import aws
from functions.glow.runtime.caching import cached_response
from functions.glow.runtime.cors import lets_pages_read
from functions.glow.runtime.http import HttpEvent, HttpRequest, HttpResponse, answers_errors
from functions.glow.runtime.parallel import in_parallel
from functions.glow.token import parse_token, require_known

# Three queries each.
MAX_PAGE_TOKENS: Final = 100
_DEFAULT_PAGE_TOKENS: Final = 50
# A client that asks more often is answered by its own cache. A page of a chart that has no running
# candle changes only by late trades.
_TOKENS_AGE_SECONDS: Final = 5
_RUNNING_AGE_SECONDS: Final = 1
_CLOSED_AGE_SECONDS: Final = 60

_ENVIRONMENT: Final = Environment(os.environ)
_TOKENS: Final = _ENVIRONMENT.tokens
_SYMBOLS: Final = _ENVIRONMENT.symbols
_SYMBOL_OF: Final = {token: symbol for symbol, token in _SYMBOLS.items()}
_ADMISSION: Final = Admission(_ENVIRONMENT.listener_keys)
_DYNAMODB: Final = aws.dynamodb(_ENVIRONMENT.aws_region)
_CANDLES: Final = CandleTable(_DYNAMODB, _ENVIRONMENT.candles_table)
_CHART: Final = Chart(RawTrades(_DYNAMODB, _ENVIRONMENT.prices_table), _CANDLES)
_SUMMARIES: Final = Summaries(PriceTable(_DYNAMODB, _ENVIRONMENT.prices_table), _CANDLES)
_PAGES: Final = TokenPages(KnownTokens(_DYNAMODB, _ENVIRONMENT.routes_table), _TOKENS)


@lets_pages_read(_ENVIRONMENT.allowed_origins)
@_ADMISSION.answers_privately
@answers_errors
@metered("access_token_verified", stack=_ENVIRONMENT.stack)
def handler(event: HttpEvent, _context: object) -> HttpResponse:
    request = HttpRequest.from_event(event)
    read = _ROUTES.get(request.route)
    if read is None:
        raise UnknownPath(f"no such path; there are {', '.join(_ROUTES)}")
    now = time.time()
    claims = _ADMISSION.admit(request.headers.get("authorization"), now=now)
    return read(request, claims, now)


def _read_tokens(request: HttpRequest, claims: Claims, now: float) -> HttpResponse:
    """Of the tokens that the client may hear. What only its access token names has to have a price."""
    limit = parse_limit(request.query, default=_DEFAULT_PAGE_TOKENS, most=MAX_PAGE_TOKENS)
    page = _PAGES.page(request.query.get("after"), limit=limit, now=now, heard=claims.tokens)
    tokens = in_parallel(partial(_summary, now=now), page.tokens)
    if claims.tokens is not None and not _TOKENS:
        tokens = [token for token in tokens if "price" in token]
    return cached_response(
        request,
        {"tokens": [with_age(token, now=now) for token in tokens], "next": page.next},
        tagged={"tokens": tokens, "next": page.next},
        max_age_seconds=_TOKENS_AGE_SECONDS,
    )


def _summary(token: str, *, now: float) -> Content:
    symbol = _SYMBOL_OF.get(token)
    known = {"token": token} if symbol is None else {"token": token, "symbol": symbol}
    return {**known, **_SUMMARIES.of(token, now=now)}


def _read_candles(request: HttpRequest, claims: Claims, now: float) -> HttpResponse:
    token = parse_token(request.path_parameters.get("token"), where="the path's token")
    require_known(claims.require(token), _TOKENS, _SYMBOLS)
    query = parse_chart(request.query, now=now)
    page = _CHART.page(token, query.span, now=now)
    interval = query.span.interval
    candles = [
        to_dict(candle, query.currency, seconds=interval.seconds, now=now)
        for candle in page.candles
    ]
    content = {
        "token": token,
        "interval": interval.name,
        "currency": query.currency,
        "candles": candles,
        "next": page.next,
    }
    is_closed = query.span.end + interval.seconds <= now - SETTLE_SECONDS
    age = _CLOSED_AGE_SECONDS if is_closed else _RUNNING_AGE_SECONDS
    return cached_response(request, content, max_age_seconds=age)


_ROUTES: Final[Mapping[str, Callable[[HttpRequest, Claims, float], HttpResponse]]] = {
    "GET /tokens": _read_tokens,
    "GET /tokens/{token}/candles": _read_candles,
}
