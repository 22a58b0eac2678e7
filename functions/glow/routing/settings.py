"""What the functions that carry out a change of route are told of their stack."""

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
class ChangeSettings:
    """Tables, queue and URLs of the stack. `edge` is None where it has none."""

    region: str
    prices_table: str
    connections_table: str
    routes_table: str
    route_queue_url: str
    posting: PostSettings
    endpoints: Endpoints
    edge: EdgeAccess | None
    grace_seconds: int
    aws_connects_per_second: int
