"""What the functions that carry a change of route out are told of their stack."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from functions.glow.routing.endpoints import Endpoints
from functions.glow.sockets.settings import PostSettings


@dataclass(frozen=True, slots=True)
class EdgeAccess:
    """The worker's origin, and the secrets it takes: the current one first."""

    origin: str
    secrets: Sequence[str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSettings:
    """Where the routing item is, and whom a change of it concerns. `tokens` are those of config; `edge`
    is None where the stack has none."""

    region: str
    routes_table: str
    route_queue_url: str
    tokens: frozenset[str]
    edge: EdgeAccess | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSettings:
    """What the guard changes, whose metrics it goes by, and the alarm that says why."""

    item: ItemSettings
    stack: str
    alarm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkSettings:
    """What carries a change out: the clients' table, their URLs, and how fast they may move."""

    item: ItemSettings
    prices_table: str
    posting: PostSettings
    endpoints: Endpoints
    grace_seconds: int
    aws_connects_per_second: int
