"""The two paths: how a connection of each is opened, and how the path says that it serves."""

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
    """What a connection must say. `max_age_ms`: how long it may live; None: for ever."""

    subscribe: Fields | None
    ping: Fields
    ping_ms: int
    max_age_ms: int | None


@dataclass(frozen=True, kw_only=True)
class Route:
    """Where a token is served. `recheck_ms`: ask again after that long; None: this is its place.

    `after` is a cursor for a client that has none of its own.
    """

    path: "Path"
    url: str
    protocol: Protocol
    recheck_ms: int | None = None
    after: str | None = None


@dataclass(frozen=True)
class Opening:
    """The URL to open and what to say there first, if anything."""

    url: str
    text: str | None


class Path(ABC):
    """A way on which updates come."""

    name: ClassVar[str]
    greeting: ClassVar[str]  # type of the message with which the path begins to serve

    @abstractmethod
    def protocol(self, token: str) -> Protocol:
        """What holds where nobody said otherwise: MOVED names a path and a URL only."""

    @abstractmethod
    def opening(self, route: Route, after: str | None, delivery: Delivery) -> Opening:
        """How to ask for what arrived after the id `after`; None: for the newest price."""


class Edge(Path):
    """A room per token: the URL says all."""

    name = "edge"
    greeting = "connected"

    def protocol(self, token: str) -> Protocol:  # noqa: ARG002 - the URL names it
        return Protocol(subscribe=None, ping={"type": "ping"}, ping_ms=20_000, max_age_ms=None)

    def opening(self, route: Route, after: str | None, delivery: Delivery) -> Opening:
        url = urlsplit(route.url)
        query = urlencode([*parse_qsl(url.query), *_wishes(after, delivery).items()])
        return Opening(urlunsplit(url._replace(query=query)), None)


class Aws(Path):
    """One API for all tokens: a message subscribes."""

    name = "aws"
    greeting = "SUBSCRIBED"

    def protocol(self, token: str) -> Protocol:
        # API Gateway ends a connection after 10 idle minutes, and any after 2 hours.
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
    """Cursor and delivery, as both paths name them; what is not there is the default."""
    wishes = {} if after is None else {"after": after}
    return wishes if delivery == "all" else {**wishes, "delivery": delivery}
