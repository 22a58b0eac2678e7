"""A local `@connections` endpoint: real HTTP over a real socket, which answers as it is told to."""

import asyncio
import json
import random
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self, cast
from urllib.parse import unquote

import httptools

NEVER: Final = 0  # instead of a status: no answer at all


@dataclass
class Behaviour:
    """How the endpoint answers. `statuses` by connection id; `*` is the rule for all others."""

    statuses: dict[str, int] = field(default_factory=lambda: {"*": 200})
    recovers_after: dict[str, int] = field(default_factory=dict[str, int])
    status_of_delete: int = 204
    throttled_share: float = 0.0  # of all requests, at random: the account's quota
    delay_seconds: float = 0.0
    closes_after: int | None = None  # so many requests on a connection; closed at the next


class Endpoint:
    """Runs in a thread of its own. `received` and `closed` are by connection id."""

    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self.received: defaultdict[str, list[str]] = defaultdict(list)
        self.tries: defaultdict[str, int] = defaultdict(int)
        self.closed: list[str] = []
        self.on_post: Callable[[], None] = lambda: None
        self._chance = random.Random(13)  # noqa: S311 - no secret
        self.sockets = 0  # ever opened
        self.open_sockets = 0
        self.headers: Mapping[str, str] = {}
        self.target = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        starting = self._loop.create_server(lambda: _Socket(self), "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result()
        self.port = cast("int", self._server.sockets[0].getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}/_aws/execute-api/abc123/prod"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def status_of(self, method: str, connection_id: str, body: str) -> int:
        statuses = self.behaviour.statuses
        if self._chance.random() < self.behaviour.throttled_share:
            return 429
        if method == "GET":  # about a connection: a client that reads slowly does not slow it down
            return statuses["*"]
        if method == "DELETE":
            self.closed.append(connection_id)
            return self.behaviour.status_of_delete
        self.on_post()
        self.tries[connection_id] += 1
        status = statuses.get(connection_id, statuses["*"])
        if self.tries[connection_id] > self.behaviour.recovers_after.get(connection_id, 10**9):
            status = 200
        if status == 200:
            self.received[connection_id].append(body)
        return status


def heard(endpoint: Endpoint, client: str) -> list[Any]:
    """The messages that `client` got."""
    return [json.loads(message) for message in endpoint.received[client]]


def ids_heard(endpoint: Endpoint, client: str) -> list[str]:
    """The ids of the updates that `client` got, in its order."""
    return [
        update["id"]
        for message in heard(endpoint, client)
        for update in message.get("updates", [message])
        if message["type"] != "GAP"
    ]


class _Socket(asyncio.Protocol):
    """One connection of ours to the endpoint. Public names are asyncio's or httptools'."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._requests = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._endpoint.sockets += 1
        self._endpoint.open_sockets += 1
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        self._endpoint.open_sockets -= 1

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._endpoint.target = url.decode()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        endpoint, behaviour = self._endpoint, self._endpoint.behaviour
        self._requests += 1
        endpoint.headers = self._headers
        connection_id = unquote(endpoint.target.rpartition("/")[2])
        method = self._parser.get_method().decode()
        if behaviour.closes_after is not None and self._requests > behaviour.closes_after:
            self._transport.abort()
            return
        status = endpoint.status_of(method, connection_id, self._body.decode())
        self._begin()
        if status is not NEVER:
            asyncio.get_running_loop().call_later(behaviour.delay_seconds, self._answer, status)

    def _begin(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._headers: dict[str, str] = {}
        self._body = b""

    def _answer(self, status: int) -> None:
        length = "" if status == 204 else "content-length: 2\r\n"
        content = "" if status == 204 else "{}"
        self._transport.write(f"HTTP/1.1 {status} X\r\n{length}\r\n{content}".encode())
