"""Who is to blame when posts to connections fail: they, or the endpoint and our rate?"""

import asyncio
from collections.abc import Iterable
from itertools import cycle, islice
from typing import Final

from functions.glow.sockets.post import ConnectionPoster, Outcome

# A post fails with 429 where the account's rate is too high, and where the client reads too slowly.
# A question about the connection meets the rate, but never the client. If half of all requests are
# throttled at random, so many are all answered once in a million.
QUESTIONS: Final = 20

_ANSWERS: Final = frozenset({Outcome.POSTED, Outcome.GONE})


async def connections_are_to_blame(poster: ConnectionPoster, connection_ids: Iterable[str]) -> bool:
    """Whether the endpoint answers every question about connections that it could not serve."""
    asked = islice(cycle(connection_ids), QUESTIONS)
    answers = await asyncio.gather(*(poster.ask_about(connection_id) for connection_id in asked))
    return all(answer in _ANSWERS for answer in answers)
