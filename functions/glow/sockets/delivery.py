"""Delivery to one connection: in order, with retries for what a retry can mend."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from functions.glow.sockets.post import ConnectionPoster, Outcome, Payload

MAX_TRIES: Final = 3
# Waits of at most 0.2 s, then 0.4 s: API Gateway refills its bucket of posts within a second.
FIRST_WAIT_SECONDS: Final = 0.2

_WORTH_A_RETRY: Final = frozenset({Outcome.THROTTLED, Outcome.FAILED, Outcome.UNREACHABLE})


async def deliver(
    poster: ConnectionPoster, connection_id: str, payloads: Sequence[Payload]
) -> Outcome:
    """Post `payloads` in order, up to the first that fails for good; the last outcome."""
    for payload in payloads:
        outcome = await _retried(lambda payload=payload: poster.post(connection_id, payload))
        if outcome is not Outcome.POSTED:
            return outcome
    return Outcome.POSTED


async def close(poster: ConnectionPoster, connection_id: str) -> bool:
    """Close the client's socket, so that it notices; whether it is closed now."""
    outcome = await _retried(lambda: poster.close_socket(connection_id))
    return outcome in (Outcome.POSTED, Outcome.GONE)


async def _retried(attempt: Callable[[], Awaitable[Outcome]]) -> Outcome:
    outcome = await attempt()
    for tries in range(1, MAX_TRIES):
        if outcome not in _WORTH_A_RETRY:
            break
        # Full jitter: those that were throttled together do not come back together.
        await asyncio.sleep(random.uniform(0, FIRST_WAIT_SECONDS * 2 ** (tries - 1)))  # noqa: S311
        outcome = await attempt()
    return outcome
