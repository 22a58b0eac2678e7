"""Asks an RPC node for transactions, several at once. Its URL holds a key: no error and no log has it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

from functions.glow.chain.answers import parse_transaction, transaction_request
from functions.glow.errors import BadRequest, Unavailable
from functions.glow.fields import Json
from functions.glow.runtime.http1 import Answer, ConnectionPool, Origin

Found = Json | None | BadRequest | Unavailable
"""A transaction; None: the node does not know it; or why there is no answer, and whether a retry helps."""

TIMEOUT_SECONDS: Final = 4.0
# A transaction has 1,232 bytes, but what it logged and called may be many times that.
MAX_ANSWER_BYTES: Final = 1024 * 1024
# After a 429 nothing is asked for so long: each further request would keep the limit busy.
REST_SECONDS: Final = 2.0

_MAX_CONCURRENT: Final = 10
_MAX_IDLE_SECONDS: Final = 30


class RpcClient:
    """One for the life of the process. Belongs to `event_loop()`."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        at = Origin.of(url)
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._head = (
            f"POST {path} HTTP/1.1\r\nhost: {at.netloc.rpartition('@')[2]}\r\nuser-agent: glow\r\n"
            "content-type: application/json\r\ncontent-length: "
        )
        self._pool = ConnectionPool(
            at,
            limit=_MAX_CONCURRENT,
            max_idle_seconds=_MAX_IDLE_SECONDS,
            max_body_bytes=MAX_ANSWER_BYTES,
        )
        self._clock = clock
        self._rests_until = 0.0

    async def transactions(self, signatures: Sequence[str]) -> list[Found]:
        """What the node says of each. All of it ends within the time-out."""
        return list(await asyncio.gather(*map(self._transaction, signatures)))

    async def aclose(self) -> None:
        """Close the kept connections."""
        await self._pool.close()

    async def _transaction(self, signature: str) -> Found:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await self._ask(transaction_request(signature))
            return parse_transaction(answer.status, answer.body, signature)
        except OSError as error:  # TimeoutError is one; its text may name the host
            return Unavailable(f"the RPC node did not answer: {type(error).__name__}")
        except (BadRequest, Unavailable) as refusal:
            return refusal

    async def _ask(self, body: bytes) -> Answer:
        if self._clock() < self._rests_until:
            raise Unavailable("the RPC node is asked too often")
        answer = await self._pool.exchange_or_repeat(
            f"{self._head}{len(body)}\r\n\r\n".encode() + body
        )
        if answer.status == 429:
            self._rests_until = self._clock() + REST_SECONDS
        elif len(answer.body) >= MAX_ANSWER_BYTES:
            raise BadRequest(f"the RPC node's answer is longer than {MAX_ANSWER_BYTES} bytes")
        return answer
