"""Jupiter's Price API V3 over HTTP: batches, within a budget of requests and of time.

An answer that may be different later (429, 5xx, silence, no JSON) is asked for again after a pause; one
that says that the request itself is wrong is not. Redirects are not followed, so the key goes nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from functions.glow.errors import BadRequest
from functions.glow.quotes.answer import Answer, parse_answer
from functions.glow.runtime.http1 import ConnectionPool, Origin

MAX_MINTS: Final = 50
"""Of one request (dev.jup.ag, api-reference/price/v3)."""
TRIES: Final = 3
REQUEST_SECONDS: Final = 4.0
PAUSE_SECONDS: Final = 1.0
"""Before the second try; twice that before the third. A random part of up to half is taken off."""
ALL_SECONDS: Final = 15.0
"""Of all requests and pauses together."""

_MAX_IDLE_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer to a request that was sent at `asked_at_ms`, Unix time."""

    answer: Answer
    asked_at_ms: int


@dataclass(slots=True)
class Harvest:
    """What all batches together brought. `failures` says why others brought nothing; `unasked` are the
    mints for which the budget was too small."""

    answers: list[Asked] = field(default_factory=list[Asked])
    failures: list[str] = field(default_factory=list[str])
    unasked: int = 0
    requests: int = 0


class _WorthATryError(Exception):
    """Jupiter did not answer as it should, but may later."""


class _RefusedError(Exception):
    """Jupiter will never answer this request."""


class Jupiter:
    """Belongs to `event_loop()`. `key` is None without one. `max_requests` are those of one `ask`."""

    def __init__(
        self,
        origin: str,
        key: str | None,
        *,
        max_requests: int,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        chance: Callable[[], float],
    ) -> None:
        at = Origin.of(origin)
        self._host = at.netloc
        self._key = key
        self._max_requests = max_requests
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._pool = ConnectionPool(at, limit=1, max_idle_seconds=_MAX_IDLE_SECONDS)

    async def ask(self, mints: Sequence[str]) -> Harvest:
        """Ask for `mints`, the first ones first. Raises nothing: what failed is in the harvest."""
        harvest = Harvest()
        try:
            async with asyncio.timeout(ALL_SECONDS):
                for start in range(0, len(mints), MAX_MINTS):
                    await self._ask_batch(mints[start : start + MAX_MINTS], harvest)
        except TimeoutError:
            harvest.failures.append(f"not done within {ALL_SECONDS:.0f} s")
        return harvest

    async def aclose(self) -> None:
        """Close the kept connection."""
        await self._pool.close()

    async def _ask_batch(self, mints: Sequence[str], harvest: Harvest) -> None:
        for tries in range(TRIES):
            if harvest.requests >= self._max_requests:
                harvest.unasked += len(mints)
                return
            harvest.requests += 1
            try:
                harvest.answers.append(await self._ask_once(mints))
            except _RefusedError as error:
                harvest.failures.append(str(error))
                return
            except _WorthATryError as error:
                harvest.failures.append(str(error))
            else:
                return
            if tries < TRIES - 1:
                await self._sleep(PAUSE_SECONDS * 2**tries * (1 - self._chance() / 2))

    async def _ask_once(self, mints: Sequence[str]) -> Asked:
        asked_at_ms = int(self._clock() * 1000)
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                answer = await self._pool.exchange(self._request(mints))
        except TimeoutError as error:
            raise _WorthATryError(f"no answer within {REQUEST_SECONDS:.0f} s") from error
        except OSError as error:
            raise _WorthATryError(type(error).__name__) from error
        if answer.status == 200:
            try:
                return Asked(parse_answer(answer.body, mints), asked_at_ms)
            except BadRequest as error:
                raise _WorthATryError(str(error)) from error
        is_passing = answer.status == 429 or answer.status >= 500
        raise (_WorthATryError if is_passing else _RefusedError)(f"HTTP {answer.status}")

    def _request(self, mints: Sequence[str]) -> bytes:
        key = "" if self._key is None else f"x-api-key: {self._key}\r\n"
        return (
            f"GET /price/v3?ids={','.join(mints)} HTTP/1.1\r\nhost: {self._host}\r\n"
            f"user-agent: glow\r\naccept: application/json\r\n{key}\r\n"
        ).encode()
