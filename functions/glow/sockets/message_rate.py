"""How much one client may say. API Gateway's limit is one for the stage, whoever uses it up.

A process counts what each connection says in a period. Only every SHARE-th message of a connection
is added to its row, so that ordinary clients cost no write, and the sum over all processes is known.
A connection is closed after at most MAX_MESSAGES + SHARE x processes messages.

It holds for each connection, not for a client that opens many: their connects are limited by the
stage's own throttle and by the account's quota of new connections.
"""

from collections import Counter
from enum import Enum, auto
from typing import Final

from functions.glow.errors import Refused
from functions.glow.sockets.subscriptions import SubscriptionTable

PERIOD_SECONDS: Final = 10
MAX_MESSAGES: Final = 300
"""In a period. To subscribe to all 100 tokens one by one, leave them and subscribe again takes as many."""
SHARE: Final = 10


class RateLimited(Refused):
    """The client says too much."""

    status = 429
    code = "RATE_LIMITED"


def rate_limited() -> RateLimited:
    limit = f"a connection may say {MAX_MESSAGES} messages in {PERIOD_SECONDS} s"
    return RateLimited(f"{limit}; connect again and say less")


class Verdict(Enum):
    ADMITTED = auto()
    OVER = auto()
    """It has just gone over its limit: it is to be told and closed."""
    SPENT = auto()
    """It was told; this message was under way already."""


class MessageRate:
    """Counts the messages of connections, of one period at a time."""

    def __init__(self, subscriptions: SubscriptionTable) -> None:
        self._subscriptions = subscriptions
        self._period = 0
        self._counts: Counter[str] = Counter()
        self._spent: set[str] = set()

    def judge(self, connection_id: str, *, now: float) -> Verdict:
        """Count a message. `now` is Unix time in seconds. Raises Unavailable."""
        self._begin(int(now) // PERIOD_SECONDS)
        if connection_id in self._spent:
            return Verdict.SPENT
        self._counts[connection_id] += 1
        if self._counts[connection_id] % SHARE != 0:
            return Verdict.ADMITTED
        said = self._subscriptions.add_messages(connection_id, SHARE, period=self._period)
        if said <= MAX_MESSAGES:
            return Verdict.ADMITTED
        self._spent.add(connection_id)
        return Verdict.OVER

    def _begin(self, period: int) -> None:
        if period != self._period:
            self._period = period
            self._counts.clear()
            self._spent.clear()
