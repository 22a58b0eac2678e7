"""Posts to WebSocket connections through API Gateway's `@connections` API."""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import quote, urlsplit

from functions.glow import metrics
from functions.glow.runtime.aws import Credentials
from functions.glow.runtime.http1 import ConnectionPool, Origin, UnreachableError
from functions.glow.sockets.rate_guard import RateGuard
from functions.glow.sockets.sigv4 import Signer

MAX_CONCURRENT_POSTS: Final = 128  # at 10 ms an answer: 64 make 4,800 posts/s, 128 8,000, 256 9,000
POST_TIMEOUT_SECONDS: Final = 2.0  # a healthy post takes 10 to 50 ms
_MAX_IDLE_SECONDS: Final = 30  # API Gateway keeps an idle connection for 60 s


class Outcome(Enum):
    """What became of a post."""

    POSTED = "posted"
    GONE = "gone"  # 410: the client has left
    THROTTLED = "throttled"  # 429: the account's rate is too high, or this client reads too slowly
    REFUSED = "refused"  # any other 4xx; 403: our signature or our rights
    FAILED = "failed"  # 5xx, no answer in time, connection broken
    UNREACHABLE = "unreachable"  # no connection to the endpoint


@dataclass(frozen=True, slots=True)
class Payload:
    """A message, hashed once for all its receivers."""

    content: bytes
    sha256: str

    @classmethod
    def of(cls, message: str) -> Payload:
        content = message.encode()
        return cls(content, hashlib.sha256(content).hexdigest())


_NOTHING: Final = Payload.of("")


class ConnectionPoster:
    """Posts to the connections of one WebSocket API; one for the life of the process.

    `callback_url` is `https://<host>/<stage>`. Every request waits for its lease. Belongs to one
    event loop.
    """

    def __init__(
        self, callback_url: str, credentials: Credentials, *, region: str, rate: RateGuard
    ) -> None:
        origin = Origin.of(callback_url)
        self._path = f"{urlsplit(callback_url).path}/@connections/"
        self._host = origin.netloc
        self._rate = rate
        self._signer = Signer(credentials, region=region, host=origin.netloc)
        self._pool = ConnectionPool(
            origin, limit=MAX_CONCURRENT_POSTS, max_idle_seconds=_MAX_IDLE_SECONDS
        )

    async def post(self, connection_id: str, payload: Payload) -> Outcome:
        """Send `payload` to the client; one try."""
        return await self._send("POST", connection_id, payload)

    async def close_socket(self, connection_id: str) -> Outcome:
        """Close the client's socket (POSTED: done; GONE: it was closed); one try."""
        return await self._send("DELETE", connection_id, _NOTHING)

    async def ask_about(self, connection_id: str) -> Outcome:
        """Ask API Gateway whether the connection is there; the client hears nothing of it.

        It counts like a post, so it is throttled as a post would be, unless it is the client's own
        buffer that is full.
        """
        return await self._send("GET", connection_id, _NOTHING)

    async def lease_ahead(self) -> None:
        """Get leave for the first posts while something else is awaited."""
        await self._rate.lease_ahead()

    async def settle(self) -> None:
        """Wait for what goes on beside the posts; call it after the last one."""
        await self._rate.settle()

    async def aclose(self) -> None:
        """Close the kept connections to the endpoint."""
        await self._pool.close()

    async def _send(self, method: str, connection_id: str, payload: Payload) -> Outcome:
        await self._rate.acquire()
        metrics.record(metrics.POSTS)
        request = self._request(method, connection_id, payload)
        try:
            async with asyncio.timeout(POST_TIMEOUT_SECONDS):
                return _outcome((await self._pool.exchange(request)).status)
        except UnreachableError:
            return Outcome.UNREACHABLE
        except OSError:  # TimeoutError and ConnectionError are OSErrors
            return Outcome.FAILED

    def _request(self, method: str, connection_id: str, payload: Payload) -> bytes:
        path = self._path + quote(connection_id, safe="")
        signed = self._signer.headers(method, path, payload.sha256, now=time.time())
        head = "".join(f"{name}: {value}\r\n" for name, value in signed.items())
        return (
            f"{method} {path} HTTP/1.1\r\nhost: {self._host}\r\n{head}"
            f"content-length: {len(payload.content)}\r\n\r\n"
        ).encode() + payload.content


def _outcome(status: int) -> Outcome:
    if status < 300:
        return Outcome.POSTED
    if status == 410:
        return Outcome.GONE
    if status == 429:
        return Outcome.THROTTLED
    return Outcome.FAILED if status >= 500 else Outcome.REFUSED
