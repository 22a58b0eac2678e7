"""Test data in the domain's words."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from functions.glow.queues.batch import SqsEvent, SqsRecord
from functions.glow.runtime.http import HttpEvent
from functions.glow.sockets.websocket import WebSocketEvent
from functions.glow.update import Update

NOW: Final = 1_750_000_000.0
RETENTION_SECONDS: Final = 3_600
API_HOST: Final = "abc123.execute-api.us-east-1.amazonaws.com"


def a_token() -> str:
    """A token that no other test uses: the tables are shared."""
    return f"T{uuid.uuid4().hex[:20]}"


def a_signature() -> str:
    return uuid.uuid4().hex


def an_update(
    token: str,
    *,
    price: str = "0.5",
    timestamp: int = int(NOW),
    slot: int = 300_000_000,
    tx_signature: str | None = None,
) -> Update:
    return Update(token, Decimal(price), timestamp, slot, tx_signature or a_signature())


def updates_of(token: str, count: int, *, timestamp: int = int(NOW)) -> list[Update]:
    """In the order of their ids, one slot apart."""
    return [
        an_update(token, slot=300_000_000 + index, timestamp=timestamp) for index in range(count)
    ]


def a_simple_trade(
    *, tx_signature: str, timestamp: int, lamports: int = 500_000_000, amount: int = 1
) -> str:
    return json.dumps(
        {
            "type": "SWAP",
            "accounts": [
                {"address": "vault_sol", "nativeBalanceChange": lamports},
                {"address": "user", "nativeBalanceChange": -amount},
            ],
            "txSignature": tx_signature,
            "slot": 300_000_000,
            "timestamp": timestamp,
        }
    )


def an_http_event(
    route: str,
    *,
    headers: Mapping[str, str] | None = None,
    token: str | None = None,
    query: Mapping[str, str] | None = None,
    body: str = "",
) -> HttpEvent:
    event: HttpEvent = {"routeKey": route, "headers": dict(headers or {}), "body": body}
    if token is not None:
        event["pathParameters"] = {"token": token}
    if query is not None:
        event["queryStringParameters"] = dict(query)
    return event


def a_connect(connection_id: str, headers: Mapping[str, str] | None = None) -> WebSocketEvent:
    return {**_websocket_event("CONNECT", connection_id), "headers": headers or {}}


def a_disconnect(connection_id: str) -> WebSocketEvent:
    return _websocket_event("DISCONNECT", connection_id)


def a_message(connection_id: str, message: object) -> WebSocketEvent:
    body = message if isinstance(message, str) else json.dumps(message)
    return {**_websocket_event("MESSAGE", connection_id), "body": body}


def a_record(body: str, *, group: str = "group", message_id: str | None = None) -> SqsRecord:
    return {
        "messageId": message_id or uuid.uuid4().hex,
        "receiptHandle": "none",
        "body": body,
        "attributes": {"MessageGroupId": group},
    }


def a_batch(records: Sequence[SqsRecord]) -> SqsEvent:
    return {"Records": records}


@dataclass(frozen=True)
class Context:
    """The part of Lambda's context that functions use."""

    seconds: float = 30.0

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


def _websocket_event(
    type_: Literal["CONNECT", "MESSAGE", "DISCONNECT"], connection_id: str
) -> WebSocketEvent:
    return {
        "requestContext": {
            "connectionId": connection_id,
            "domainName": API_HOST,
            "eventType": type_,
        }
    }
