"""A pool of kept-alive HTTP/1.1 connections to one origin; an answer is its status code.

Written by hand, because a post is a fixed request and nobody reads the body of its answer. It takes
0.03 ms of CPU; a general client takes 1 to 4 (facts/aws.md §4).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from ssl import SSLContext

# Shorter than any server keeps an idle connection (API Gateway: 60 s), so few are stale.
_MAX_IDLE_SECONDS: Final = 30


class UnreachableError(OSError):
    """No connection to the origin could be opened."""


class _StaleError(ConnectionError):
    """The server closed a kept connection, and answered nothing to what was sent on it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where to connect; `tls` is None for plain HTTP."""

    host: str
    port: int
    tls: SSLContext | None


class ConnectionPool:
    """At most `limit` connections, each with one request at a time. Belongs to one event loop."""

    def __init__(self, origin: Origin, *, limit: int) -> None:
        self._origin = origin
        self._slots = asyncio.Semaphore(limit)
        self._idle: list[_Connection] = []

    async def exchange(self, request: bytes) -> int:
        """Send `request`; the answer's status code.

        Raises UnreachableError, or ConnectionError when the connection broke before the answer. A kept
        connection that the server has closed meanwhile is replaced silently.
        """
        async with self._slots:
            while (kept := self._take_idle()) is not None:
                try:
                    return await self._ask(kept, request)
                except _StaleError:
                    continue
            return await self._ask(await self._open(), request)

    async def close(self) -> None:
        """Close what is idle and wait until it is."""
        connections, self._idle = self._idle, []
        for connection in connections:
            connection.abort()
        await asyncio.gather(*(connection.closed for connection in connections))

    def _take_idle(self) -> _Connection | None:
        """The connection that was used last: the fewer are in use, the fewer go stale."""
        oldest = asyncio.get_running_loop().time() - _MAX_IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable and connection.idle_since > oldest:
                return connection
            connection.abort()
        return None

    async def _open(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: _Connection(loop),
                self._origin.host,
                self._origin.port,
                ssl=self._origin.tls,
            )
        except OSError as error:
            raise UnreachableError(str(error)) from error
        return connection

    async def _ask(self, connection: _Connection, request: bytes) -> int:
        status = await connection.ask(request)
        if connection.is_usable:
            self._idle.append(connection)
        return status


class _Connection(asyncio.Protocol):
    """One connection. Method names without an underscore are asyncio's or httptools'."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        from httptools import HttpResponseParser  # noqa: PLC0415 - from the layer; see runtime/aws.py

        self._loop = loop
        self._parser = HttpResponseParser(self)
        self._answer: asyncio.Future[int] | None = None
        self._heard_something = False
        self._was_used = False
        self.closed: asyncio.Future[None] = loop.create_future()
        self.is_usable = False
        self.idle_since = 0.0

    async def ask(self, request: bytes) -> int:
        self._answer = self._loop.create_future()
        self._heard_something = False
        self._transport.write(request)
        try:
            return await self._answer
        except BaseException:  # also a time-out: its answer could be taken for the next one
            self.abort()
            raise
        finally:
            self._answer = None
            self._was_used = True
            self.idle_since = self._loop.time()

    def abort(self) -> None:
        self.is_usable = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.is_usable = True

    def data_received(self, data: bytes) -> None:
        from httptools import HttpParserError  # noqa: PLC0415 - from the layer; see runtime/aws.py

        self._heard_something = True
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self._fail(ConnectionError(f"the answer is not HTTP: {error}"))
            self.abort()

    def on_message_complete(self) -> None:
        self.is_usable = self.is_usable and self._parser.should_keep_alive()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(self._parser.get_status_code())
        if not self.is_usable:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_usable = False
        if not self.closed.done():
            self.closed.set_result(None)
        kept_one_died = self._was_used and not self._heard_something
        self._fail((_StaleError if kept_one_died else ConnectionError)(f"connection closed: {exc}"))

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
