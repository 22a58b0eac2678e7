"""The delivery paths: how a route is described, and how to ask on it for a token's prices. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .fields import Fields, as_fields

Delivery = Literal["all", "latest"]


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What a client must send. `max_age_ms`: how long a connection may last; None: no limit.

    Without `subscribe` the URL says everything.
    """

    subscribe: Fields | None
    ping: Fields
    ping_ms: int
    max_age_ms: int | None


@dataclass(frozen=True)
class Endpoint:
    """A socket, and how to speak there."""

    url: str
    protocol: Protocol


_SUBSCRIBE: Final[Fields] = {"action": "subscribePrice"}
# The Cloudflare Worker: a room per token, whose URL says everything, and hubs for many tokens.
_EDGE: Final = Protocol(
    subscribe=_SUBSCRIBE, ping={"type": "ping"}, ping_ms=20_000, max_age_ms=None
)
# API Gateway: one WebSocket API for all tokens, so a message names the token. It ends a connection
# after 10 idle minutes, and any connection after 2 hours.
_AWS: Final = Protocol(
    subscribe=_SUBSCRIBE, ping={"action": "ping"}, ping_ms=240_000, max_age_ms=6_600_000
)

# For MOVED, which names only path and URLs: of the socket of one token, and of many. They are those
# that /connect answers.
PROTOCOLS: Final[Mapping[str, tuple[Protocol, Protocol]]] = {
    "edge": (replace(_EDGE, subscribe=None), _EDGE),
    "aws": (_AWS, _AWS),
}


@dataclass(frozen=True, kw_only=True)
class Route:
    """Where a token is served: a path, which only the stack may know, and the sockets there.

    `one` is the socket of this token alone, `live` that of many tokens; None if the stack did not say.
    `recheck_ms` is set if this path is only a substitute: ask again after that time. `after` is a
    cursor for a client that has none of its own.
    """

    path: str
    one: Endpoint
    live: Endpoint | None
    recheck_ms: int | None = None
    after: str | None = None


def url_for_one(url: str, after: str | None, delivery: Delivery) -> str:
    """How to ask a socket of one token for the updates after the id `after`, or with None for the
    newest price."""
    wishes = {} if after is None else {"after": after}
    if delivery == "latest":
        wishes["delivery"] = delivery
    parts = urlsplit(url)
    query = urlencode([*parse_qsl(parts.query), *wishes.items()])
    return urlunsplit(parts._replace(query=query))


def wish(token: str, after: str | None, delivery: Delivery) -> Fields:
    """The same for a token among those of a socket, as an entry of `subscriptions`."""
    fields: dict[str, object] = {"token": token}
    if after is not None:
        fields["after"] = after
    if delivery == "latest":
        fields["delivery"] = delivery
    return fields


def parse_route(answer: object) -> Route:
    """Read an answer of GET /connect. Raises ValueError."""
    fields = as_fields(answer)
    match fields:
        case {"path": str(path), "recheckMs": int() | None as recheck_ms}:
            live = fields.get("live")
            return Route(
                path=path,
                one=_parse_endpoint(fields),
                live=None if live is None else _parse_endpoint(as_fields(live)),
                recheck_ms=recheck_ms,
            )
        case _:
            raise ValueError(f"no route: {fields}")


def _parse_endpoint(fields: Fields) -> Endpoint:
    match fields:
        case {"url": str(url)}:
            return Endpoint(url, _parse_protocol(as_fields(fields.get("protocol"))))
        case _:
            raise ValueError(f"no socket: {fields}")


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
