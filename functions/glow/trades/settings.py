"""What a function is told that publishes updates."""

from dataclasses import dataclass

from functions.glow.routing.settings import EdgeAccess


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgePublishSettings:
    """`retry_queue_url` takes what the edge does not."""

    access: EdgeAccess
    retry_queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishSettings:
    """`route_queue_url` takes tasks of what is found out about routes. `edge` is None where the stack has
    none."""

    broadcast_queue_url: str
    route_queue_url: str
    edge: EdgePublishSettings | None
    edge_timeout_ms: int
