"""The Worker's lines as they come, by Cloudflare's API: a tail is a WebSocket that lasts some hours."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, cast

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from ops.errors import OpsError
from ops.logs.line import Line, parse_object, worker_line

_PROTOCOL: Final = Subprotocol("trace-v1")
_TIMEOUT_SECONDS: Final = 20
_DENIED: Final = (401, 403)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudflareAccess:
    """The account's API, its token, and the Worker's name there."""

    api: str
    account_id: str
    script: str
    token: str = field(repr=False)

    @property
    def tails_url(self) -> str:
        return f"{self.api}/accounts/{self.account_id}/workers/scripts/{self.script}/tails"


async def follow_worker(access: CloudflareAccess) -> AsyncGenerator[list[Line]]:
    """The lines of each message. A tail that is over is opened again. Raises OpsError."""
    headers = {"authorization": f"Bearer {access.token}"}
    async with httpx.AsyncClient(headers=headers, timeout=_TIMEOUT_SECONDS) as http:
        while True:
            async with _tail(http, access) as url:
                async for lines in _lines(url):
                    yield lines


@asynccontextmanager
async def _tail(http: httpx.AsyncClient, access: CloudflareAccess) -> AsyncGenerator[str]:
    """The URL of a tail, which is removed at the end: a Worker has few of them."""
    try:
        answer = await http.post(access.tails_url, json={})
    except httpx.HTTPError as error:
        raise OpsError(f"Cloudflare's API at {access.api}: {type(error).__name__}") from error
    if not answer.is_success:
        raise OpsError(_refusal(answer, access))
    made = cast("Mapping[str, Mapping[str, str]]", answer.json())["result"]
    try:
        yield made["url"]
    finally:
        await http.delete(f"{access.tails_url}/{made['id']}")


async def _lines(url: str) -> AsyncGenerator[list[Line]]:
    try:
        async with connect(url, subprotocols=[_PROTOCOL]) as socket:
            await socket.send(json.dumps({"debug": False}))
            async for message in socket:
                yield lines_of(str(message) if isinstance(message, str) else message.decode())
    except ConnectionClosed:
        return
    except (OSError, WebSocketException) as error:
        raise OpsError(f"The Worker's tail could not be opened: {error}") from error


def lines_of(message: str) -> list[Line]:
    """What an invocation logged and threw, as the tail tells it. Pure."""
    fields = parse_object(message) or {}
    return [*_logged(fields), *_thrown(fields)]


def _logged(fields: Mapping[str, object]) -> Iterator[Line]:
    for each in _objects(fields.get("logs")):
        parts = cast("Sequence[object]", each.get("message") or [])
        yield worker_line(_ms(each), " ".join(str(part) for part in parts))


def _thrown(fields: Mapping[str, object]) -> Iterator[Line]:
    for each in _objects(fields.get("exceptions")):
        yield Line(
            at_ms=_ms(each),
            source="worker",
            event="exception",
            level="ERROR",
            fields={"name": each.get("name"), "error": each.get("message")},
        )


def _objects(value: object) -> Sequence[Mapping[str, object]]:
    return cast("Sequence[Mapping[str, object]]", value) if isinstance(value, list) else []


def _ms(fields: Mapping[str, object]) -> float:
    at_ms = fields.get("timestamp")
    return at_ms if isinstance(at_ms, int | float) else 0.0


def _refusal(answer: httpx.Response, access: CloudflareAccess) -> str:
    said = answer.text[:200]
    where = f"Worker {access.script} of account {access.account_id}"
    if answer.status_code in _DENIED:
        return (
            f"Cloudflare does not let this API token tail {where}: {said}\n"
            "It needs the right Account · Workers Tail · Read. Give it that (dash.cloudflare.com,"
            " My Profile, API Tokens), or set another one: export CLOUDFLARE_API_TOKEN=…"
        )
    return f"Cloudflare did not open a tail of {where}: {answer.status_code} {said}"
