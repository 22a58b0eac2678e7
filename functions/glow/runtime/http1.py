"""A pool of kept-alive HTTP/1.1 connections to one origin.

Written by hand, because a post is a fixed request, and little of its answer is read. It takes 0.03 ms
of CPU, where a general client takes 1 to 4 (facts/aws.md §4), and a third of a second less of start.
No redirect is followed and no proxy is used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Self, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ssl import SSLContext

    from httptools import HttpResponseParser

# What is kept of an answer's body, unless more is asked for. An error page may have any length.
MAX_BODY_BYTES: Final = 65_536


class UnreachableError(OSError):
    """No connection to the origin could be opened."""


class _StaleError(ConnectionError):
    """The server closed a kept connection, and answered nothing to what was sent on it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is cut at the pool's `max_body_bytes`."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Origin:
    """Where to connect; `tls` is None for plain HTTP. `netloc` is for the Host header."""

    host: str
    port: int
    tls: SSLContext | None
    netloc: str

    @classmethod
    def of(cls, url: str) -> Self:
        """The origin of an http or https URL."""
        parts = urlsplit(url)
        is_tls = parts.scheme == "https"
        port = parts.port or (443 if is_tls else 80)
        return cls(parts.hostname or "", port, _tls() if is_tls else None, parts.netloc)


class ConnectionPool:
    """At most `limit` connections, each with one request at a time. Belongs to one event loop.

    `max_idle_seconds` is shorter than the server keeps an idle connection, so that few are stale.
    """

    def __init__(
        self,
        origin: Origin,
        *,
        limit: int,
        max_idle_seconds: float,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        # From the layer (see runtime/aws.py), and here: not within the first request's time-out.
        from httptools import HttpResponseParser  # noqa: PLC0415

        self._new_parser = HttpResponseParser
        self._origin = origin
        self._slots = asyncio.Semaphore(limit)
        self._max_idle_seconds = max_idle_seconds
        self._max_body_bytes = max_body_bytes
        self._idle: list[_Connection] = []

    async def exchange(self, request: bytes) -> Answer:
        """Send `request`; the answer to it.

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

    async def exchange_or_repeat(self, request: bytes) -> Answer:
        """`exchange` a request whose repeat is harmless: if the connection cannot be opened or breaks,
        there is one more try, on a new one."""
        async with self._slots:
            try:
                return await self._ask(self._take_idle() or await self._open(), request)
            except OSError:
                return await self._ask(await self._open(), request)

    async def close(self) -> None:
        """Close what is idle and wait until it is."""
        connections, self._idle = self._idle, []
        for connection in connections:
            connection.abort()
        await asyncio.gather(*(connection.closed for connection in connections))

    def _take_idle(self) -> _Connection | None:
        """The connection that was used last: the fewer are in use, the fewer go stale."""
        oldest = asyncio.get_running_loop().time() - self._max_idle_seconds
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
                lambda: _Connection(loop, self._new_parser, self._max_body_bytes),
                self._origin.host,
                self._origin.port,
                ssl=self._origin.tls,
            )
        except OSError as error:
            raise UnreachableError(str(error)) from error
        return connection

    async def _ask(self, connection: _Connection, request: bytes) -> Answer:
        answer = await connection.ask(request)
        if connection.is_usable:
            self._idle.append(connection)
        return answer


class _Connection(asyncio.Protocol):
    """One connection. Method names without an underscore are asyncio's or httptools'."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        new_parser: Callable[[object], HttpResponseParser],
        max_body_bytes: int,
    ) -> None:
        self._loop = loop
        self._max_body_bytes = max_body_bytes
        self._parser = new_parser(self)
        self._answer: asyncio.Future[Answer] | None = None
        self._body = bytearray()
        self._ends_with_the_connection = False
        self._heard_something = False
        self._was_used = False
        self.closed: asyncio.Future[None] = loop.create_future()
        self.is_usable = False
        self.idle_since = 0.0

    async def ask(self, request: bytes) -> Answer:
        self._answer = self._loop.create_future()
        self._heard_something = False
        if self.is_usable:
            self._transport.write(request)
        else:
            self._fail(ConnectionError("the connection was closed as it was made"))
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

        if self._answer is None:  # asked for by nobody, so it must not be taken for the next answer
            self.abort()
            return
        self._heard_something = True
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self._fail(ConnectionError(f"the answer is not HTTP: {error}"))
            self.abort()

    def on_headers_complete(self) -> None:
        # Said of an answer without a length too. One that has a length may end earlier as well.
        self._ends_with_the_connection = not self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > self._max_body_bytes:
            del self._body[self._max_body_bytes :]
            self._succeed()
            self.abort()

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:  # such as 103; the answer is still to come
            return
        if self._answer is None or self._answer.done():  # a second one, asked for by nobody
            self.abort()
            return
        self.is_usable = self.is_usable and self._parser.should_keep_alive()
        self._succeed()
        if not self.is_usable:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_usable = False
        if not self.closed.done():
            self.closed.set_result(None)
        if exc is None and self._ends_with_the_connection:
            self._succeed()
        kept_one_died = self._was_used and not self._heard_something
        self._fail((_StaleError if kept_one_died else ConnectionError)(f"connection closed: {exc}"))

    def _succeed(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Answer(self._parser.get_status_code(), bytes(self._body)))
        self._body.clear()

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


@cache
def _tls() -> SSLContext:
    import ssl  # noqa: PLC0415 - reading the certificates takes 20 ms; a local endpoint has none

    return ssl.create_default_context()
