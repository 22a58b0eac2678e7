"""WebSocket events and answers in API Gateway's form."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Literal, TypedDict

from functions.glow import log
from functions.glow.errors import GlowError, Refused
from functions.glow.sockets import messages


class RequestContext(TypedDict):
    connectionId: str
    domainName: str  # the host that the client connected to
    eventType: Literal["CONNECT", "MESSAGE", "DISCONNECT"]


class _RequiredFields(TypedDict):
    requestContext: RequestContext


class WebSocketEvent(_RequiredFields, total=False):
    """The part of the event that is read; `headers` come with CONNECT alone."""

    headers: Mapping[str, str]
    body: str


class WebSocketAnswer(TypedDict):
    """`body` is sent to the client, unless it is empty."""

    statusCode: int
    body: str


WebSocketHandler = Callable[[WebSocketEvent, object], WebSocketAnswer]

ACCEPTED: WebSocketAnswer = {"statusCode": 200, "body": ""}


def reply(message: str) -> WebSocketAnswer:
    return {"statusCode": 200, "body": message}


def never_raises(handler: WebSocketHandler) -> WebSocketHandler:
    """The one place that maps an error to what the client is told. Without it, an exception's
    text could reach the client. On CONNECT the client sees only that it was refused."""

    @wraps(handler)
    def answer(event: WebSocketEvent, context: object) -> WebSocketAnswer:
        connection_id = event["requestContext"]["connectionId"]
        try:
            return handler(event, context)
        except Refused as error:
            log.info("message_refused", connectionId=connection_id, code=error.code)
            return reply(messages.refusal(error))
        except Exception as error:  # noqa: BLE001 - the border
            log.exception("message_failed", connectionId=connection_id)
            told = str(error) if isinstance(error, GlowError) else "an error of ours; try again"
            is_message = event["requestContext"]["eventType"] == "MESSAGE"
            return {
                "statusCode": 200 if is_message else 500,
                "body": messages.error("INTERNAL", told),
            }

    return answer
