"""A load: who listens, to what, and how much is traded. Pure."""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from functions.glow.sockets.commands import MAX_TOKENS

DAYS: Final = 30
"""Of the month that is billed."""
MONTH_SECONDS: Final = DAYS * 24 * 60 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A month, evenly spread: users over the day and over the tokens, trades over the tokens.

    A client that follows one token has a socket of its own for it. One that follows several has a feed:
    one socket for 100 tokens (`client/`), at the edge to a hub.
    """

    users: int
    hours_online_per_day: Decimal
    sessions_per_day: Decimal
    """How often a user comes online in a day."""
    tokens_per_user: int
    tokens: int
    updates_per_second: Decimal
    """Of each token. A trade is an update."""
    has_key: bool = False
    """Whether a KMS key of the stack encrypts its queues."""

    @property
    def online(self) -> Decimal:
        """Users who are connected at the same time."""
        return self.users * self.hours_online_per_day / 24

    @property
    def follows(self) -> Decimal:
        """Pairs of a user who is online and a token: each update of the token is delivered to each."""
        return self.online * self.tokens_per_user

    @property
    def follows_per_token(self) -> Decimal:
        return self.follows / self.tokens

    @property
    def has_feeds(self) -> bool:
        """Whether clients follow several tokens over one socket."""
        return self.tokens_per_user > 1

    @property
    def sockets(self) -> Decimal:
        """How many are open at the same time."""
        return self.online * self._sockets_per_user

    @property
    def socket_minutes(self) -> Decimal:
        return self.sockets * MONTH_SECONDS / 60

    @property
    def connects(self) -> Decimal:
        """Those that the users themselves cause."""
        return self.users * self._sockets_per_user * self.sessions_per_day * DAYS

    @property
    def _sockets_per_user(self) -> int:
        return math.ceil(self.tokens_per_user / MAX_TOKENS)

    @property
    def trades(self) -> Decimal:
        return self.tokens * self.updates_per_second * MONTH_SECONDS

    @property
    def deliveries(self) -> Decimal:
        """Updates that arrive at clients, each counted alone."""
        return self.follows * self.updates_per_second * MONTH_SECONDS


TYPICAL: Final = Load(
    users=1_000,
    hours_online_per_day=Decimal(24),
    sessions_per_day=Decimal(1),
    tokens_per_user=1,
    tokens=100,
    updates_per_second=Decimal(1),
)
"""What is assumed where nobody says otherwise: always connected, which is the most."""
