"""HTTP requests and answers in API Gateway's form (payload format 2.0)."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import NotRequired, Self, TypedDict

from functions.glow import log, metrics
from functions.glow.errors import BadRequest, Refused, TooLarge, Unavailable


class HttpEvent(TypedDict, total=False):
    """The part of the event that is read. API Gateway leaves out what is empty."""

    routeKey: str
    headers: dict[str, str]
    pathParameters: dict[str, str]
    queryStringParameters: dict[str, str]
    body: str
    isBase64Encoded: bool


class HttpResponse(TypedDict):
    statusCode: int
    headers: dict[str, str]
    body: str
    isBase64Encoded: NotRequired[bool]


HttpHandler = Callable[[HttpEvent, object], HttpResponse]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request. `route` is the API's route key; header names are lower case."""

    route: str
    headers: Mapping[str, str]
    path_parameters: Mapping[str, str]
    query: Mapping[str, str]
    raw_body: str
    body_is_base64: bool

    @classmethod
    def from_event(cls, event: HttpEvent) -> Self:
        return cls(
            route=event.get("routeKey", ""),
            headers={name.lower(): value for name, value in event.get("headers", {}).items()},
            path_parameters=event.get("pathParameters", {}),
            query=event.get("queryStringParameters", {}),
            raw_body=event.get("body", ""),
            body_is_base64=event.get("isBase64Encoded", False),
        )

    def body(self, *, max_bytes: int) -> bytes:
        """The body's bytes, which Lambda itself bounds to 6 MB. Raises TooLarge, BadRequest."""
        body = self._decoded()
        if len(body) > max_bytes:
            raise TooLarge(
                f"the body has {len(body)} bytes, over the limit of {max_bytes};"
                " send fewer transactions at once"
            )
        return body

    def _decoded(self) -> bytes:
        if not self.body_is_base64:
            # API Gateway's event is JSON: it may hold a lone surrogate, which UTF-8 cannot encode.
            return self.raw_body.encode("utf-8", errors="replace")
        try:
            return base64.b64decode(self.raw_body, validate=True)
        except binascii.Error as error:
            raise BadRequest("the body is marked as base64 but is not; send it as text") from error


def json_response(status: int, content: Mapping[str, object]) -> HttpResponse:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(content, separators=(",", ":")),
    }


def answers_errors(handler: HttpHandler) -> HttpHandler:
    """The one place that maps an error's class to an HTTP status. A 5xx means: send it again."""

    @wraps(handler)
    def answer(event: HttpEvent, context: object) -> HttpResponse:
        try:
            return handler(event, context)
        except Refused as error:
            log.info("request_refused", status=error.status, code=error.code, reason=str(error))
            _record_refusal(error.status)
            return _error_response(error.status, error.code, str(error))
        except Unavailable as error:
            log.exception("request_unavailable", reason=str(error))
            metrics.record(metrics.UNAVAILABLE)
            return _error_response(503, "UNAVAILABLE", str(error))
        except Exception:  # noqa: BLE001 - the border
            log.exception("request_failed")
            metrics.record(metrics.FAILED)
            return _error_response(500, "INTERNAL", "an error of ours, it is logged; try again")

    return answer


def _record_refusal(status: int) -> None:
    metrics.record(metrics.UNAUTHORIZED if status == 401 else metrics.REFUSED)
    metrics.record(metrics.refused(status))


def error_content(code: str, message: str) -> Mapping[str, object]:
    return {"error": {"code": code, "message": message}}


def _error_response(status: int, code: str, message: str) -> HttpResponse:
    return json_response(status, error_content(code, message))
