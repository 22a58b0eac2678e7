"""A WebSocket as a connection needs it, and the real one."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Origin

from .errors import Unreachable

# How long a connection may take to open, and a server to answer a ping.
ANSWER_SECONDS: Final = 10.0
CLOSE_SECONDS: Final = 2.0

_ABNORMAL: Final = 1006  # the connection ended without a close frame (RFC 6455 §7.1.5)


class SocketClosed(Exception):  # noqa: N818 - no error of anybody
    """The socket was closed, with a code of RFC 6455 §7.4."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code} {reason}".rstrip())
        self.code = code
        self.reason = reason


class Socket(Protocol):
    """An open socket. `send` and `receive` raise SocketClosed."""

    async def send(self, text: str) -> None: ...

    async def receive(self) -> str | bytes: ...

    def abort(self) -> None:
        """End the socket without a closing handshake, which would wait for a server that is gone."""
        ...


OpenSocket = Callable[[str], AbstractAsyncContextManager[Socket]]
"""Opens the socket at a URL. Raises Unreachable."""


@asynccontextmanager
async def open_socket(url: str, *, origin: str | None = None) -> AsyncGenerator[Socket]:
    """A socket of the package websockets. `origin`: the header Origin, which a browser would send."""
    try:
        connection = await connect(
            url,
            origin=None if origin is None else Origin(origin),
            open_timeout=ANSWER_SECONDS,
            close_timeout=CLOSE_SECONDS,
            ping_interval=None,  # the client pings by messages, which do not wake the room
        )
    except (OSError, WebSocketException) as error:
        raise Unreachable(f"{url}: {type(error).__name__} {error}") from error
    async with connection:
        yield _RealSocket(connection)


class _RealSocket:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except ConnectionClosed as closed:
            raise _closed(closed) from closed

    async def receive(self) -> str | bytes:
        try:
            return await self._connection.recv()
        except ConnectionClosed as closed:
            raise _closed(closed) from closed

    def abort(self) -> None:
        self._connection.transport.abort()


def _closed(closed: ConnectionClosed) -> SocketClosed:
    if closed.rcvd is None:
        return SocketClosed(_ABNORMAL, "")
    return SocketClosed(closed.rcvd.code, closed.rcvd.reason)
