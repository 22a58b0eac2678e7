"""Requests to the edge worker: updates to `<origin>/broadcast/<token>`, and orders to its rooms.

httpx and its packages are imported where the client is made. They take a third of a second of
cold start, and only a function that posts to the edge has to pay for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from functions.glow.errors import Unavailable
from functions.glow.runtime.loop import event_loop
from functions.glow.update import Update

if TYPE_CHECKING:
    from httpx import AsyncClient, Response

MAX_CONCURRENT_POSTS: Final = 64
# The worker takes 1 MiB (worker/limits.js); the longest update has 326 bytes.
MAX_UPDATES_PER_POST: Final = 3_000

# Cloudflare keeps an idle connection for 400 s. A closed one would use up the retry.
_KEEP_ALIVE_SECONDS: Final = 300
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

    `secrets`: the current one and, during a rotation, the previous one.
    """

    def __init__(self, origin: str, secrets: Sequence[str], *, timeout_ms: int) -> None:
        self._origin = origin
        self._secrets = secrets
        self._timeout_ms = timeout_ms
        self._http = _http_client()

    async def post(self, token: str, updates: Sequence[Update]) -> Outcome:
        """Post `updates` of `token`, in order. All of it ends within the time-out."""
        try:
            async with asyncio.timeout(self._timeout_ms / 1000):
                return await self._post_parts(token, updates)
        except TimeoutError:
            return Outcome(Verdict.FAILED, f"no answer within {self._timeout_ms} ms")

    async def aclose(self) -> None:
        """Close the kept connections."""
        await self._http.aclose()

    async def _post_parts(self, token: str, updates: Sequence[Update]) -> Outcome:
        outcome = Outcome(Verdict.TAKEN)
        for start in range(0, len(updates), MAX_UPDATES_PER_POST):
            outcome = await self._post_part(token, updates[start : start + MAX_UPDATES_PER_POST])
            if outcome.verdict is not Verdict.TAKEN:
                break
        return outcome

    async def _post_part(self, token: str, updates: Sequence[Update]) -> Outcome:
        from httpx import RequestError  # noqa: PLC0415 - see above

        body = f"[{','.join(update.to_json() for update in updates)}]"
        try:
            answer = await self._answer(f"/broadcast/{token}", body)
        except RequestError as error:
            return Outcome(Verdict.FAILED, type(error).__name__)
        return _outcome(answer)

    async def order(self, path: str, body: str) -> int:
        """Post an order to rooms; how many clients it concerns. Raises Unavailable."""
        from httpx import RequestError  # noqa: PLC0415 - see above

        try:
            async with asyncio.timeout(self._timeout_ms / 1000):
                answer = await self._answer(path, body)
        except (RequestError, TimeoutError) as error:
            raise Unavailable(f"the edge did not answer: {type(error).__name__}") from error
        if not answer.is_success:
            raise Unavailable(f"the edge answered {path} with HTTP {answer.status_code}")
        return int(answer.json()["connections"])

    async def _answer(self, path: str, body: str) -> Response:
        """The answer, with the previous secret if the current one is not accepted."""
        current, *previous = self._secrets
        answer = await self._send(path, body, current)
        for secret in previous:
            if answer.status_code == 401:
                answer = await self._send(path, body, secret)
        return answer

    async def _send(self, path: str, body: str, secret: str) -> Response:
        """The answer. If the connection breaks, one more try: a repeat is harmless to a room."""
        from httpx import RequestError  # noqa: PLC0415 - see above

        headers = {"authorization": f"Bearer {secret}", "content-type": "application/json"}
        try:
            return await self._try_to_send(path, body, headers)
        except RequestError:
            return await self._try_to_send(path, body, headers)

    async def _try_to_send(self, path: str, body: str, headers: Mapping[str, str]) -> Response:
        from httpx import ConnectError  # noqa: PLC0415 - see above

        try:
            return await self._http.post(f"{self._origin}{path}", content=body, headers=headers)
        except (AttributeError, OSError) as error:
            # From anyio, which asks for the socket of a connection that uvloop has closed already,
            # because the edge reset it at once.
            raise ConnectError(f"reset at once: {error}") from error


def _outcome(answer: Response) -> Outcome:
    if answer.is_success:
        return Outcome(Verdict.TAKEN, is_away=b'"away":true' in answer.content)
    verdict = Verdict.REFUSED if answer.status_code in _REFUSALS else Verdict.FAILED
    return Outcome(verdict, f"HTTP {answer.status_code}")


def _http_client() -> AsyncClient:
    import anyio.lowlevel  # noqa: PLC0415 - see above
    import httpx  # noqa: PLC0415 - see above

    # anyio loads its backend at its first call. Do that now, not within the first post's time-out.
    event_loop().run_until_complete(anyio.lowlevel.checkpoint())
    # httpx logs every request at INFO, which is what Lambda prints.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return httpx.AsyncClient(
        timeout=None,  # noqa: S113 - the whole post has one
        limits=httpx.Limits(
            max_connections=MAX_CONCURRENT_POSTS,
            max_keepalive_connections=MAX_CONCURRENT_POSTS,
            keepalive_expiry=_KEEP_ALIVE_SECONDS,
        ),
        follow_redirects=False,  # the bearer is for this origin alone
        trust_env=False,  # no proxy and no .netrc: a proxy is one more part that can fail
    )
