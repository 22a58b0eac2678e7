"""The two paths, aws and edge: how to connect to each, and how it says that it is ready."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from client.fields import Fields, as_fields

Delivery = Literal["all", "latest"]


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What a client must send. `max_age_ms`: how long a connection may last; None: no limit."""

    subscribe: Fields | None
    ping: Fields
    ping_ms: int
    max_age_ms: int | None


@dataclass(frozen=True, kw_only=True)
class Route:
    """Where a token is served.

    `recheck_ms` is set if this path is only a substitute: ask again after that time. `after` is a
    cursor for a client that has none of its own.
    """

    path: "Path"
    url: str
    protocol: Protocol
    recheck_ms: int | None = None
    after: str | None = None


@dataclass(frozen=True)
class Opening:
    """The URL to open, and the first message to send, if any."""

    url: str
    text: str | None


class Path(ABC):
    """One of the two delivery paths."""

    name: ClassVar[str]
    greeting: ClassVar[str]  # type of the message that says that the path is ready

    @abstractmethod
    def protocol(self, token: str) -> Protocol:
        """The default, for a route that came with MOVED, which names only path and URL."""

    @abstractmethod
    def opening(self, route: Route, after: str | None, delivery: Delivery) -> Opening:
        """How to ask for the updates after the id `after`, or with None for the newest price."""


class Edge(Path):
    """The Cloudflare Worker: a room per token, so the URL says everything."""

    name = "edge"
    greeting = "connected"

    def protocol(self, token: str) -> Protocol:  # noqa: ARG002 - the URL names the token
        return Protocol(subscribe=None, ping={"type": "ping"}, ping_ms=20_000, max_age_ms=None)

    def opening(self, route: Route, after: str | None, delivery: Delivery) -> Opening:
        url = urlsplit(route.url)
        query = urlencode([*parse_qsl(url.query), *_wishes(after, delivery).items()])
        return Opening(urlunsplit(url._replace(query=query)), None)


class Aws(Path):
    """API Gateway: one WebSocket API for all tokens, so a message names the token."""

    name = "aws"
    greeting = "SUBSCRIBED"

    def protocol(self, token: str) -> Protocol:
        # API Gateway ends a connection after 10 idle minutes, and any connection after 2 hours.
        return Protocol(
            subscribe={"action": "subscribePrice", "token": token},
            ping={"action": "ping"},
            ping_ms=240_000,
            max_age_ms=6_600_000,
        )

    def opening(self, route: Route, after: str | None, delivery: Delivery) -> Opening:
        return Opening(
            route.url, json.dumps({**(route.protocol.subscribe or {}), **_wishes(after, delivery)})
        )


PATHS: Final[Mapping[str, Path]] = {path.name: path for path in (Edge(), Aws())}


def parse_route(answer: object) -> Route:
    """Read an answer of GET /connect. Raises ValueError."""
    fields = as_fields(answer)
    match fields:
        case {"path": str(name), "url": str(url), "recheckMs": int() | None as recheck_ms} if (
            name in PATHS
        ):
            protocol = _parse_protocol(as_fields(fields.get("protocol")))
            return Route(path=PATHS[name], url=url, protocol=protocol, recheck_ms=recheck_ms)
        case _:
            raise ValueError(f"no route: {fields}")


def _parse_protocol(fields: Fields) -> Protocol:
    subscribe = fields.get("subscribe")
    match fields:
        case {"pingMs": int(ping_ms), "maxAgeMs": int() | None as max_age_ms}:
            return Protocol(
                subscribe=None if subscribe is None else as_fields(subscribe),
                ping=as_fields(fields.get("ping")),
                ping_ms=ping_ms,
                max_age_ms=max_age_ms,
            )
        case _:
            raise ValueError(f"no protocol: {fields}")


def _wishes(after: str | None, delivery: Delivery) -> dict[str, str]:
    """Cursor and delivery, under the names that both paths use; defaults are left out."""
    wishes = {} if after is None else {"after": after}
    return wishes if delivery == "all" else {**wishes, "delivery": delivery}
