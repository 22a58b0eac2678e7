"""The delivery paths: how a route is described, and how to ask on it for a token's prices. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from client.fields import Fields, as_fields

Delivery = Literal["all", "latest"]

# Types of the messages that say that a path is ready: of one that is asked by its URL, and of one
# that is asked by a message.
GREETINGS: Final = frozenset({"connected", "SUBSCRIBED"})


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What a client must send. `max_age_ms`: how long a connection may last; None: no limit.

    Without `subscribe` the URL says everything.
    """

    subscribe: Fields | None
    ping: Fields
    ping_ms: int
    max_age_ms: int | None


# For MOVED, which names only path and URL. They are those that /connect answers.
PROTOCOLS: Final[Mapping[str, Protocol]] = {
    # The Cloudflare Worker: a room per token, so the URL says everything.
    "edge": Protocol(subscribe=None, ping={"type": "ping"}, ping_ms=20_000, max_age_ms=None),
    # API Gateway: one WebSocket API for all tokens, so a message names the token. It ends a
    # connection after 10 idle minutes, and any connection after 2 hours.
    "aws": Protocol(
        subscribe={"action": "subscribePrice"},
        ping={"action": "ping"},
        ping_ms=240_000,
        max_age_ms=6_600_000,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Route:
    """Where a token is served: a path, which only the stack may know, and how to speak there.

    `recheck_ms` is set if this path is only a substitute: ask again after that time. `after` is a
    cursor for a client that has none of its own.
    """

    path: str
    url: str
    protocol: Protocol
    recheck_ms: int | None = None
    after: str | None = None


@dataclass(frozen=True)
class Opening:
    """The URL to open, and the first message to send, if any."""

    url: str
    text: str | None


def opening(route: Route, token: str, after: str | None, delivery: Delivery) -> Opening:
    """How to ask for the updates after the id `after`, or with None for the newest price."""
    wishes = {} if after is None else {"after": after}
    if delivery == "latest":
        wishes["delivery"] = delivery
    subscribe = route.protocol.subscribe
    if subscribe is not None:
        return Opening(route.url, json.dumps({**subscribe, "token": token, **wishes}))
    url = urlsplit(route.url)
    query = urlencode([*parse_qsl(url.query), *wishes.items()])
    return Opening(urlunsplit(url._replace(query=query)), None)


def parse_route(answer: object) -> Route:
    """Read an answer of GET /connect. Raises ValueError."""
    fields = as_fields(answer)
    match fields:
        case {"path": str(path), "url": str(url), "recheckMs": int() | None as recheck_ms}:
            protocol = _parse_protocol(as_fields(fields.get("protocol")))
            return Route(path=path, url=url, protocol=protocol, recheck_ms=recheck_ms)
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
