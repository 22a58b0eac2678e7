"""A fake stack: a real HTTP and WebSocket server that does what the test tells it."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.client.trades import START, TOKEN, Update

PAGE_UPDATES = 3
EDGE_PING = '{"type":"ping"}'  # worker/messages.js
EDGE_LIVE = "/edge/live"  # the socket of many tokens there

Message = dict[str, Any]


@dataclass(eq=False)
class Socket:
    """The server's end of one client's socket."""

    connection: ServerConnection
    path: str
    wishes: dict[str, str] = field(default_factory=dict[str, str])
    tokens: set[str] = field(default_factory=set[str])
    serves: bool = False
    pings: int = 0

    async def say(self, message: Message) -> None:
        await self.connection.send(json.dumps(message))

    def drop(self) -> None:
        """Break the connection without a close frame."""
        self.connection.transport.abort()


class Stack:
    """Stores what is published, and sends it on the paths in `publishes_on`.

    `opened` has all sockets so far, `asked` the queries of /connect, `events` what happened, in order.
    """

    def __init__(self) -> None:
        self.path = "edge"
        self.publishes_on = {"edge", "aws"}
        self.protocol: Message = {"pingMs": 20_000, "maxAgeMs": None}
        self.recheck_ms: int | None = None
        self.moved_to: str | None = None
        self.connect_status = 200
        self.says_when = True
        self.prices_are_readable = True
        self.refused: set[str] = set()  # paths on which no socket can be opened
        self.silent: set[str] = set()  # paths that send nothing
        self.answer_to_subscribe: Callable[[], list[Message]] | None = None
        self.stored: list[Update] = []
        self.rings: dict[str, list[Update]] = defaultdict(list)
        self.opened: list[Socket] = []
        self.open: list[Socket] = []
        self.asked: list[dict[str, str]] = []
        self.reads: list[str] = []
        self.events: list[str] = []
        self.shown: list[str] = []  # passes, in headers and messages
        self.has_changed = asyncio.Condition()
        self._server: Server | None = None

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["Stack"]:
        async with serve(
            self._serve, "127.0.0.1", 0, process_request=self._answer, close_timeout=1
        ) as server:
            self._server = server
            yield self

    @property
    def url(self) -> str:
        assert self._server is not None
        host, port = next(iter(self._server.sockets)).getsockname()
        return f"http://{host}:{port}"

    def url_of(self, path: str) -> str:
        where = f"/ws/{TOKEN}" if path == "edge" else "/live"
        return self.url.replace("http", "ws", 1) + where

    def live_url_of(self, path: str) -> str:
        """The socket of many tokens; on AWS it is the same one."""
        return self.url.replace("http", "ws", 1) + (EDGE_LIVE if path == "edge" else "/live")

    def sockets(self, path: str) -> list[Socket]:
        """The open sockets of `path` that have been greeted."""
        return [socket for socket in self.open if socket.path == path and socket.serves]

    def store(self, *updates: Update) -> None:
        """Store updates without sending them: clients find them only in the REST API."""
        self.stored += updates

    async def publish(self, *updates: Update) -> None:
        """Store updates and send them, several as a batch."""
        self.store(*updates)
        for path in sorted(self.publishes_on):
            await self.send(path, *updates)

    async def send(self, path: str, *updates: Update) -> None:
        """Send on one path only."""
        self.rings[path] += updates
        for socket in self.sockets(path):
            frames = _frames([update for update in updates if update["token"] in socket.tokens])
            if path not in self.silent and frames:
                await socket.say(frames[0])

    def forget(self, path: str) -> None:
        """Forget what `path` could replay."""
        self.rings[path].clear()

    async def move(self, path: str, *, jitter_ms: int = 0) -> None:
        """Move to `path`: tell the clients of the other path, and later ones when they connect."""
        self.path = self.moved_to = path
        for socket in self.sockets("aws" if path == "edge" else "edge"):
            await socket.say(self.moved(path, jitter_ms=jitter_ms))

    def moved(self, path: str, *, jitter_ms: int = 0) -> Message:
        return {
            "type": "MOVED",
            "token": TOKEN,
            "path": path,
            "url": self.url_of(path),
            "after": None,
            "jitterMs": jitter_ms,
        }

    async def until(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait for a condition on the server's side."""
        try:
            async with asyncio.timeout(300), self.has_changed:
                await self.has_changed.wait_for(is_so)
        except TimeoutError:
            raise AssertionError(f"waited for {what}; so far: {self.events}") from None

    # HTTP

    async def _answer(self, _connection: ServerConnection, request: Request) -> Response | None:
        url = urlsplit(request.path)
        query = dict(parse_qsl(url.query))
        if url.path in (f"/ws/{TOKEN}", "/live", EDGE_LIVE):
            path = "aws" if url.path == "/live" else "edge"
            if path not in self.refused:
                return None
            await self._note(f"{path} refused")
            return _response(503, {})
        if url.path in (f"/connect/{TOKEN}", "/connect"):
            self.asked.append(query)
            self.shown += request.headers.get_all("authorization")
            await self._note("asked")
            return self._connect(query.get("tokens"), query.get("avoid"))
        self.reads.append(request.path)
        await self._note("read")
        if not self.prices_are_readable:
            return _response(503, {})
        return self._price() if url.path.endswith("/price") else self._prices(query)

    def _connect(self, tokens: str | None, avoid: str | None) -> Response:
        if tokens is not None:
            asked = tokens.split(",")
            response = _response(
                200,
                {"routes": [{"token": each, **self._answer_for(each, avoid)} for each in asked]},
            )
        else:
            response = _response(self.connect_status, self._answer_for(TOKEN, avoid))
        if self.says_when:
            response.headers["date"] = formatdate(START, usegmt=True)
        return response

    def _answer_for(self, token: str, avoid: str | None) -> Message:
        if self.connect_status != 200:
            return {"error": {"code": "UNKNOWN_TOKEN", "message": "not streamed"}}
        others = self.publishes_on - {avoid}
        path = self.path if avoid != self.path or not others else min(others)
        is_edge, command = path == "edge", {"action": "subscribePrice"}
        protocol = {"ping": {"type": "ping"} if is_edge else {"action": "ping"}, **self.protocol}
        alone = {"subscribe": None if is_edge else {**command, "token": token}, **protocol}
        live = {"url": self.live_url_of(path), "protocol": {"subscribe": command, **protocol}}
        return {
            "path": path,
            "url": self.url_of(path),
            "protocol": alone,
            "live": live,
            "recheckMs": self.recheck_ms,
        }

    def _price(self) -> Response:
        newest = max(self.stored, key=lambda update: update["id"], default=None)
        if newest is None:
            return _response(404, {"error": {"code": "NO_PRICE", "message": "none"}})
        return _response(200, newest)

    def _prices(self, query: dict[str, str]) -> Response:
        until = query.get("until", "~")  # above every id
        found = sorted(
            (u for u in self.stored if query["after"] < u["id"] <= until), key=lambda u: u["id"]
        )
        page = found[:PAGE_UPDATES]
        next_ = page[-1]["id"] if len(found) > PAGE_UPDATES else None
        return _response(200, {"token": TOKEN, "prices": page, "next": next_})

    # Sockets

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        url = urlsplit(connection.request.path)
        socket = Socket(connection, "aws" if url.path == "/live" else "edge")
        self.opened.append(socket)
        self.open.append(socket)
        try:
            connected = {"type": "connected", "connectionId": "c", "colo": ""}
            is_room = socket.path == "edge" and url.path != EDGE_LIVE
            if is_room:
                socket.wishes = dict(parse_qsl(url.query))
                await self._greet(socket, {TOKEN}, connected)
            elif socket.path == "edge" and socket.path not in self.silent:
                await socket.say(connected)
            async for text in connection:
                if is_room:
                    assert text == EDGE_PING, f"would wake the room: {text}"
                await self._hear(socket, json.loads(text))
        except ConnectionClosed:
            pass  # the client is gone
        finally:
            self.open.remove(socket)
            await self._note(f"{socket.path} closed")

    async def _hear(self, socket: Socket, message: Message) -> None:
        if message.get("action") == "subscribePrice":
            if self.answer_to_subscribe is not None:
                for answer in self.answer_to_subscribe():
                    await socket.say(answer)
                return
            wanted: list[Message] = message.get("subscriptions", [message])
            named = [each["token"] for each in wanted]
            socket.wishes = {
                key: wanted[0][key] for key in ("after", "delivery") if key in wanted[0]
            }
            tokens = {"tokens": named} if "subscriptions" in message else {"token": named[0]}
            await self._greet(socket, {*named}, {"type": "SUBSCRIBED", **tokens})
        elif message.get("action") == "authorize":
            self.shown.append(message["token"])
            await socket.say({"type": "AUTHORIZED", "expiresAt": None})
        elif message.get("action") == "unsubscribePrice":
            named = message.get("tokens") or [message["token"]]
            socket.tokens -= {*named}
            await socket.say({"type": "UNSUBSCRIBED", "tokens": named})
            await self._note(f"left {', '.join(named)}")
        else:
            socket.pings += 1
            if socket.path not in self.silent:
                await socket.say({"type": "pong"})
            await self._note("ping")

    async def _greet(self, socket: Socket, tokens: set[str], greeting: Message) -> None:
        if socket.path in self.silent:
            return
        # No await from here to the replay, so that nothing is published between the two.
        socket.serves = True
        socket.tokens |= tokens
        owed = self._owed(socket, tokens)
        await socket.say(greeting)
        for message in owed:
            await socket.say(message)
        if self.moved_to not in (None, socket.path):
            await socket.say(self.moved(self.moved_to))
        await self._note(f"{socket.path} serves")

    def _owed(self, socket: Socket, tokens: set[str]) -> list[Message]:
        ring = [update for update in self.rings[socket.path] if update["token"] in tokens]
        after = socket.wishes.get("after")
        if after is None:
            return ring[-1:]
        for index, update in enumerate(ring):
            if update["id"] == after:
                return _frames(ring[index + 1 :])
        newer = [update for update in ring if update["id"] > after]
        until = newer[0]["id"] if newer else None
        return [{"type": "GAP", "after": after, "until": until}, *_frames(newer)]

    async def _note(self, event: str) -> None:
        self.events.append(event)
        async with self.has_changed:
            self.has_changed.notify_all()


def _frames(updates: list[Update] | tuple[Update, ...]) -> list[Message]:
    if len(updates) < 2:
        return list(updates)
    return [{"type": "PRICE_BATCH", "updates": list(updates)}]


def _response(status: int, content: object) -> Response:
    body = json.dumps(content).encode()
    headers = Headers([("content-type", "application/json"), ("content-length", str(len(body)))])
    headers["connection"] = "close"
    return Response(status, HTTPStatus(status).phrase, headers, body)
