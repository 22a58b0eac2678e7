"""Requests to the edge worker: updates to `<origin>/broadcast/<token>`, and orders to its rooms."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from functions.glow import metrics
from functions.glow.errors import Unavailable
from functions.glow.runtime.deadline import seconds_left
from functions.glow.runtime.http1 import Answer, ConnectionPool, Origin
from functions.glow.update import Update

MAX_CONCURRENT_POSTS: Final = 64
# The worker takes 1 MiB (worker/limits.js); the longest update has 468 bytes.
MAX_UPDATES_PER_POST: Final = 2_200

# Cloudflare keeps an idle connection for 400 s. A closed one would use up the retry.
_MAX_IDLE_SECONDS: Final = 300
# A healthy post takes 10 to 60 ms. Silence for less than this would say nothing of the edge.
_FAIR_SECONDS: Final = 0.1
# The request itself is at fault. 404 and 405 are not here: a new domain or token takes a while to
# become known in every data centre.
_REFUSALS: Final = frozenset({400, 413})


class Verdict(Enum):
    """What became of a post."""

    TAKEN = "taken"
    FAILED = "failed"  # no answer in time, or one that may be different later
    REFUSED = "refused"  # the edge will never take this request


@dataclass(frozen=True, slots=True)
class Outcome:
    """`is_away`: the room took it, but sends its clients elsewhere."""

    verdict: Verdict
    reason: str = ""
    is_away: bool = False


class EdgeClient:
    """One for the life of the process; its connections are kept. Belongs to `event_loop()`.

    `secrets`: the current one and, during a rotation, the previous one. `reserve_ms`: what is kept of a
    request's deadline, for what follows when the edge does not answer.
    """

    def __init__(
        self, origin: str, secrets: Sequence[str], *, timeout_ms: int, reserve_ms: int = 0
    ) -> None:
        self._secrets = secrets
        self._timeout_seconds = timeout_ms / 1000
        self._reserve_seconds = reserve_ms / 1000
        at = Origin.of(origin)
        self._host = at.netloc
        self._pool = ConnectionPool(
            at, limit=MAX_CONCURRENT_POSTS, max_idle_seconds=_MAX_IDLE_SECONDS
        )

    @property
    def has_time(self) -> bool:
        """Whether the request's deadline leaves enough for a post."""
        return self._seconds() >= min(_FAIR_SECONDS, self._timeout_seconds)

    async def post(self, token: str, updates: Sequence[Update]) -> Outcome:
        """Post `updates` of `token`, in order. All of it ends within the time-out and the deadline."""
        seconds = self._seconds()
        try:
            async with asyncio.timeout(seconds):
                return await self._post_parts(token, updates)
        except TimeoutError:
            return Outcome(Verdict.FAILED, f"no answer within {seconds * 1000:.0f} ms")

    async def aclose(self) -> None:
        """Close the kept connections."""
        await self._pool.close()

    async def order(self, path: str, body: str) -> int:
        """Post an order to rooms; how many clients it concerns. Raises Unavailable."""
        try:
            async with asyncio.timeout(self._seconds()):
                answer = await self._answer(path, body)
        except OSError as error:  # TimeoutError is one
            raise Unavailable(f"the edge did not answer: {type(error).__name__}") from error
        if not _is_success(answer):
            raise Unavailable(f"the edge answered {path} with HTTP {answer.status}")
        try:
            return int(json.loads(answer.body)["connections"])
        except (ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"the edge answered {path} with something else than JSON") from error

    def _seconds(self) -> float:
        """How long a request to the edge may take now."""
        return min(self._timeout_seconds, seconds_left() - self._reserve_seconds)

    async def _post_parts(self, token: str, updates: Sequence[Update]) -> Outcome:
        outcome = Outcome(Verdict.TAKEN)
        for start in range(0, len(updates), MAX_UPDATES_PER_POST):
            outcome = await self._post_part(token, updates[start : start + MAX_UPDATES_PER_POST])
            if outcome.verdict is not Verdict.TAKEN:
                break
        return outcome

    async def _post_part(self, token: str, updates: Sequence[Update]) -> Outcome:
        body = f"[{','.join(update.to_json() for update in updates)}]"
        try:
            # The table holds them, so a room need not save them before it answers.
            answer = await self._answer(f"/broadcast/{token}?stored=true", body)
        except OSError as error:
            return Outcome(Verdict.FAILED, type(error).__name__)
        return _outcome(answer)

    async def _answer(self, path: str, body: str) -> Answer:
        """The answer, with the previous secret if the current one is not accepted."""
        current, *previous = self._secrets
        answer = await self._send(path, body, current)
        for secret in previous:
            if answer.status == 401:
                answer = await self._send(path, body, secret)
                metrics.record(metrics.EDGE_PREVIOUS_SECRET, int(answer.status != 401))
        return answer

    async def _send(self, path: str, body: str, secret: str) -> Answer:
        # A repeat is harmless to a room: it drops the ids that it has seen.
        return await self._pool.exchange_or_repeat(self._request(path, body.encode(), secret))

    def _request(self, path: str, body: bytes, secret: str) -> bytes:
        # Cloudflare's Browser Integrity Check, on by default, turns a request without a user agent away.
        return (
            f"POST {path} HTTP/1.1\r\nhost: {self._host}\r\nuser-agent: glow\r\n"
            f"authorization: Bearer {secret}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        ).encode() + body


def _is_success(answer: Answer) -> bool:
    return 200 <= answer.status < 300


def _outcome(answer: Answer) -> Outcome:
    if _is_success(answer):
        return Outcome(Verdict.TAKEN, is_away=b'"away":true' in answer.body)
    verdict = Verdict.REFUSED if answer.status in _REFUSALS else Verdict.FAILED
    return Outcome(verdict, f"HTTP {answer.status}")
