"""Asks an RPC node for transactions, or which there are. Its URL holds a key: no error and no log has it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

from functions.glow.chain.answers import (
    Listed,
    parse_signatures,
    parse_transaction,
    signatures_request,
    transaction_request,
)
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

    async def signatures(
        self, address: str, *, limit: int, before: str | None = None
    ) -> Sequence[Listed]:
        """The newest transactions of `address`, or those before the one with the signature `before`.

        Raises BadRequest or Unavailable, within the time-out.
        """
        answer = await self._answer(signatures_request(address, limit=limit, before=before))
        return parse_signatures(answer.status, answer.body)

    async def aclose(self) -> None:
        """Close the kept connections."""
        await self._pool.close()

    async def _transaction(self, signature: str) -> Found:
        try:
            answer = await self._answer(transaction_request(signature))
            return parse_transaction(answer.status, answer.body, signature)
        except (BadRequest, Unavailable) as refusal:
            return refusal

    async def _answer(self, body: bytes) -> Answer:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await self._ask(body)
        except OSError as error:  # TimeoutError is one; its text, and its cause, may name the host
            name = type(error).__name__
            raise Unavailable(f"the RPC node did not answer: {name}") from None

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
