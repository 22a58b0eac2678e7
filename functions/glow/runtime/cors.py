"""CORS: which web pages may read an answer. The functions say so themselves.

API Gateway's own `cors_configuration` knows no origin of any port (`http://localhost:*`). While it is
set, it answers preflights and drops these headers (HTTP API guide, "CORS"): the stack sets none.
"""

from collections.abc import Callable, Mapping, Set
from functools import wraps
from typing import Final

from functions.glow.origin import is_listed
from functions.glow.runtime.http import HttpEvent, HttpHandler, HttpRequest, HttpResponse

_EXPOSED: Final[Mapping[str, str]] = {"access-control-expose-headers": "date"}  # the first cursor
_PREFLIGHT: Final[Mapping[str, str]] = {
    "access-control-allow-methods": "GET, HEAD, OPTIONS",
    "access-control-allow-headers": "authorization, if-none-match",
    "access-control-max-age": "3600",
}


def lets_pages_read(allowed: Set[str]) -> Callable[[HttpHandler], HttpHandler]:
    """Let pages of the origins `allowed` read every answer of a handler, errors too.

    It also answers the preflights of a route `OPTIONS …`, which never reach the handler.
    """

    def decorate(handler: HttpHandler) -> HttpHandler:
        @wraps(handler)
        def answer(event: HttpEvent, context: object) -> HttpResponse:
            request = HttpRequest.from_event(event)
            is_preflight = request.route.startswith("OPTIONS ")
            response = _no_content() if is_preflight else handler(event, context)
            # Also to a page that may not read: a cache must not give one page's answer to another.
            varies = response["headers"].get("vary")
            response["headers"]["vary"] = f"{varies}, Origin" if varies else "Origin"
            origin = request.headers.get("origin")
            if origin is not None and is_listed(origin, allowed):
                response["headers"] |= {"access-control-allow-origin": origin}
                response["headers"] |= _PREFLIGHT if is_preflight else _EXPOSED
            return response

        return answer

    return decorate


def _no_content() -> HttpResponse:
    return {"statusCode": 204, "headers": {}, "body": ""}
