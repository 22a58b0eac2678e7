"""One WebSocket connection on one route."""

import asyncio
import json
from collections.abc import Iterable
from typing import Final, NoReturn, Protocol

from client.errors import FINAL_CODES, ClientError, Redirected, Refused, Unreachable
from client.messages import ErrorMessage, Gap, Incoming, Moved, Other, Prices, parse_message
from client.paths import GREETINGS, Delivery, Route, opening
from client.socket import ANSWER_SECONDS, OpenSocket, Socket, SocketClosed
from client.update import Update

# After this close code a client must not reconnect (worker/close.js).
_CLOSED_FOR_GOOD: Final = 1008

# A timer that fires later than this was held up, by a sleep of the device or a busy loop.
_LATE_TIMER_SECONDS: Final = 1.0


class Sink(Protocol):
    """Takes what a connection receives."""

    async def take(self, update: Update) -> None: ...

    def miss(self, after: str | None) -> None: ...


class Connection:
    """Opens a socket at once, keeps it alive with pings, and passes on what it receives.

    Three futures tell what happens:
    - `served`: the server has accepted the subscription
    - `moved`: the server has said that the token moved to another path
    - `ended`: the connection has ended; the result says why

    `cursor` is the last id received, or before that the id after which it was asked to begin.
    """

    def __init__(
        self,
        route: Route,
        token: str,
        sink: Sink,
        tasks: asyncio.TaskGroup,
        *,
        after: str | None,
        delivery: Delivery,
        open_socket: OpenSocket,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.route = route
        self.cursor = after
        self.served: asyncio.Future[None] = loop.create_future()
        self.moved: asyncio.Future[Moved] = loop.create_future()
        self._token = token
        self._sink = sink
        self._delivery: Delivery = delivery
        self._open_socket = open_socket
        self._clock = loop.time
        self._ping_at = 0.0
        self._waiting: asyncio.Timeout | None = None
        self.ended: asyncio.Task[ClientError] = tasks.create_task(self._run())

    def take_moved(self) -> Moved:
        """The result of `moved`, which is then replaced by a new future for the next move."""
        moved, self.moved = self.moved.result(), asyncio.get_running_loop().create_future()
        return moved

    def let_go(self) -> None:
        """Close the connection without waiting for the end."""
        self.ended.cancel()

    def check(self) -> None:
        """Ask for a sign of life now: the network may be another one."""
        self._ping_at = self._clock()
        if self._waiting is not None:
            self._waiting.reschedule(self._ping_at)

    async def _run(self) -> ClientError:
        asked = opening(self.route, self._token, self.cursor, self._delivery)
        try:
            async with self._open_socket(asked.url) as socket:
                if asked.text is not None:
                    await socket.send(asked.text)
                await self._listen(socket)
        except ClientError as error:
            return error
        except SocketClosed as closed:
            kind = Refused if closed.code == _CLOSED_FOR_GOOD else Unreachable
            return kind(f"{self.route.url} {closed}")

    async def _listen(self, socket: Socket) -> NoReturn:
        """Read messages and send pings.

        Raises Unreachable if nothing follows a ping. Only time spent waiting for a message counts:
        while a slow consumer holds this side back, the server may well have sent something.
        """
        ping_seconds = self.route.protocol.ping_ms / 1_000
        self._ping_at = self._clock() + ping_seconds
        dead_at: float | None = None
        may_be_late = True
        while True:
            text = await self._receive_before(min(self._ping_at, dead_at or self._ping_at), socket)
            if text is not None:
                await self._hear(text)
                dead_at, may_be_late = None, True
            now = self._clock()
            if dead_at is not None and now >= dead_at:
                if not may_be_late or now - dead_at <= _LATE_TIMER_SECONDS:
                    socket.abort()
                    raise Unreachable(f"{self.route.url} no answer for {ANSWER_SECONDS:g} s")
                # The answer may lie unread, or the network is not back yet.
                self._ping_at, dead_at, may_be_late = now, None, False
            if now >= self._ping_at:
                await socket.send(json.dumps(self.route.protocol.ping))
                dead_at = dead_at or self._clock() + ANSWER_SECONDS
                self._ping_at = self._clock() + ping_seconds

    async def _receive_before(self, time: float, socket: Socket) -> str | bytes | None:
        """The next frame; None if none has come by `time` (the event loop's clock)."""
        try:
            async with asyncio.timeout_at(time) as self._waiting:
                return await socket.receive()
        except TimeoutError:
            return None
        finally:
            self._waiting = None

    async def _hear(self, text: str | bytes) -> None:
        message = self._parse(text)
        match message:
            case Prices(updates):
                await self._take(updates)
            case Gap(token, after) if token in (None, self._token):
                self._sink.miss(after)
            case Gap():
                pass  # of another token
            case Moved():
                self._move(message)
            case ErrorMessage(code, detail):
                kind = Refused if code in FINAL_CODES else Unreachable
                raise kind(f"{self.route.url} says {code}: {detail}")
            case Other(type_):
                if type_ in GREETINGS and not self.served.done():
                    self.served.set_result(None)

    async def _take(self, updates: Iterable[Update]) -> None:
        for update in updates:
            if update.token == self._token:
                await self._sink.take(update)
                self.cursor = update.id

    def _move(self, moved: Moved) -> None:
        if not self.served.done():
            raise Redirected(moved.path, moved.route)
        if not self.moved.done():
            self.moved.set_result(moved)

    def _parse(self, text: str | bytes) -> Incoming:
        try:
            return parse_message(text)
        except ValueError as error:
            raise Unreachable(f"{self.route.url} sent what is no message: {error}") from error
