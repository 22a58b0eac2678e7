"""One WebSocket connection on one route."""

import asyncio
import json
from typing import Final, NoReturn, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from client.errors import ClientError, Redirected, Refused, Unreachable
from client.memory import Span
from client.messages import ErrorMessage, Gap, Incoming, Moved, Other, Prices, parse_message
from client.paths import Delivery, Route
from client.update import Update, read_from

# How long a connection may take to open, and a server to answer a ping.
ANSWER_SECONDS: Final = 10.0
CLOSE_SECONDS: Final = 2.0

# After this close code a client must not reconnect (worker/close.js).
_CLOSED_FOR_GOOD: Final = frozenset({1008})
_ABNORMAL: Final = 1006  # the connection ended without a close frame (RFC 6455 §7.1.5)

_FINAL_ERROR_CODES: Final = frozenset({"BAD_REQUEST", "TOO_MANY_TOKENS", "UNKNOWN_TOKEN"})


class Sink(Protocol):
    """Takes what a connection receives."""

    async def take(self, update: Update) -> None: ...

    def owe(self, span: Span) -> None: ...


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
        known: str | None,
        delivery: Delivery,
    ) -> None:
        """`known`: the client has everything up to this id, from any source."""
        loop = asyncio.get_running_loop()
        self.route = route
        self.cursor = after
        self.served: asyncio.Future[None] = loop.create_future()
        self.moved: asyncio.Future[Moved] = loop.create_future()
        self._token = token
        self._sink = sink
        self._known = known
        self._delivery: Delivery = delivery
        self._clock = loop.time
        self.ended: asyncio.Task[ClientError] = tasks.create_task(self._run())

    def take_moved(self) -> Moved:
        """The result of `moved`, which is then replaced by a new future for the next move."""
        moved, self.moved = self.moved.result(), asyncio.get_running_loop().create_future()
        return moved

    def let_go(self) -> None:
        """Close the connection without waiting for the end."""
        self.ended.cancel()

    async def _run(self) -> ClientError:
        opening = self.route.path.opening(self.route, self.cursor, self._delivery)
        try:
            async with connect(
                opening.url,
                open_timeout=ANSWER_SECONDS,
                close_timeout=CLOSE_SECONDS,
                ping_interval=None,  # `_listen` pings, without waking the room
            ) as socket:
                if opening.text is not None:
                    await socket.send(opening.text)
                await self._listen(socket)
        except ClientError as error:
            return error
        except ConnectionClosed as closed:
            return self._ended_by(closed)
        except (OSError, WebSocketException) as error:
            return Unreachable(f"{self.route.url}: {type(error).__name__} {error}")

    async def _listen(self, socket: ClientConnection) -> NoReturn:
        """Read messages and send pings. Raises Unreachable if the server stays silent.

        Only time spent waiting for a message counts as silence: while a slow consumer holds this
        side back, the server may well have sent something.
        """
        ping_seconds = self.route.protocol.ping_ms / 1_000
        heard_at = self._clock()
        ping_at = heard_at + ping_seconds
        while True:
            dead_at = heard_at + ping_seconds + ANSWER_SECONDS
            text = await _receive_before(min(ping_at, dead_at), socket)
            if text is not None:
                await self._hear(text)
                heard_at = self._clock()
            elif self._clock() >= dead_at:
                socket.transport.abort()  # a closing handshake would wait for a server that is gone
                raise Unreachable(f"{self.route.url} has been silent, also to a ping")
            if self._clock() >= ping_at:
                await socket.send(json.dumps(self.route.protocol.ping))
                ping_at = self._clock() + ping_seconds

    async def _hear(self, text: str | bytes) -> None:
        message = self._parse(text)
        match message:
            case Prices(updates):
                for update in updates:
                    await self._sink.take(update)
                    self.cursor = update.id
                    self._known = max(self._known or "", update.id)
            case Gap(after, until):
                # `after` may be the id of a late trade, hours old. Nothing up to `_known` is missing.
                self._sink.owe(Span(read_from(max(after, self._known or "")), until))
            case Moved():
                if not self.served.done():
                    raise Redirected(message.route(self._token))
                if not self.moved.done():
                    self.moved.set_result(message)
            case ErrorMessage(code, detail):
                kind = Refused if code in _FINAL_ERROR_CODES else Unreachable
                raise kind(f"{self.route.url} says {code}: {detail}")
            case Other(type_):
                if type_ == self.route.path.greeting and not self.served.done():
                    self.served.set_result(None)

    def _parse(self, text: str | bytes) -> Incoming:
        try:
            return parse_message(text)
        except ValueError as error:
            raise Unreachable(f"{self.route.url} sent what is no message: {error}") from error

    def _ended_by(self, closed: ConnectionClosed) -> ClientError:
        code = _ABNORMAL if closed.rcvd is None else closed.rcvd.code
        reason = "" if closed.rcvd is None else closed.rcvd.reason
        kind = Refused if code in _CLOSED_FOR_GOOD else Unreachable
        return kind(f"{self.route.url} closed with {code} {reason}".rstrip())


async def _receive_before(time: float, socket: ClientConnection) -> str | bytes | None:
    """The next frame; None if none has come by `time` (the event loop's clock)."""
    try:
        async with asyncio.timeout_at(time):
            return await socket.recv()
    except TimeoutError:
        return None
