"""What a change of route needs of the world: tables, a queue, and the clients of both paths.

The tests put others in their place, in memory, to lose and repeat what a cloud may lose and repeat.
"""

from collections.abc import Sequence
from typing import Protocol

from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import EdgeHealth, Routes
from functions.glow.sockets.subscriptions import TokenSubscription


class RouteItem(Protocol):
    """The routing item."""

    def read(self) -> Routes | None: ...

    def replace(self, seen: Routes | None, routes: Routes) -> bool: ...

    def replace_health(self, seen: EdgeHealth, health: EdgeHealth) -> bool: ...


class TokenPages(Protocol):
    """The known tokens. A page, and the cursor of the next one; None: it was the last."""

    def page(self, cursor: str | None, *, now: float) -> tuple[Sequence[str], str | None]: ...


class SubscriptionPages(Protocol):
    """All subscriptions on AWS; pages as those of tokens."""

    def everybody(
        self, cursor: str | None, *, now: float
    ) -> tuple[Sequence[TokenSubscription], str | None]: ...


class AwsClients(Protocol):
    """Clients that listen on AWS."""

    async def tell(
        self,
        subscriptions: Sequence[TokenSubscription],
        policy: Policy,
        *,
        jitter_ms: int,
        now: float,
    ) -> None: ...

    async def let_go(
        self, subscriptions: Sequence[TokenSubscription], policy: Policy, *, now: float
    ) -> None: ...


class Rooms(Protocol):
    """Rooms of the edge, and their clients."""

    async def count_clients(self, tokens: Sequence[str]) -> int: ...

    async def send_away(
        self, tokens: Sequence[str], *, url: str, jitter_ms: int, close_at_ms: int
    ) -> None: ...

    async def take_back(self, tokens: Sequence[str], *, served_from_ms: int) -> None: ...


class Tasks(Protocol):
    """The route queue."""

    def add(self, due_ms: int, *, name: str) -> None: ...
