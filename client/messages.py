"""Parses the messages that a server sends. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .fields import Fields, as_fields, as_list, parse_json
from .paths import PROTOCOLS, Endpoint, Route
from .update import Update, parse_update


@dataclass(frozen=True)
class Prices:
    """Updates, in the order in which the path sent them."""

    updates: Sequence[Update]


@dataclass(frozen=True)
class Gap:
    """Updates may be missing after the id `after`.

    `after` is None if the path knows nothing of before, `token` if it serves one token alone.
    """

    token: str | None
    after: str | None


@dataclass(frozen=True)
class Moved:
    """A token has moved to another path; connect there after a random part of `jitter_ms`.

    `live_url` is the socket of many tokens there; None if an older stack does not say it.
    """

    token: str | None
    path: str
    url: str
    live_url: str | None
    after: str | None
    jitter_ms: int

    @property
    def route(self) -> Route | None:
        """The route to the new path; None if only the stack knows how to speak there."""
        protocols = PROTOCOLS.get(self.path)
        if protocols is None:
            return None
        one, live = protocols
        return Route(
            path=self.path,
            one=Endpoint(self.url, one),
            live=None if self.live_url is None else Endpoint(self.live_url, live),
            after=self.after,
        )


@dataclass(frozen=True)
class Connected:
    """The greeting of the edge."""


@dataclass(frozen=True)
class Authorized:
    """The pass was taken; it ends at `expires_at` (Unix seconds). None: nobody needs one here."""

    expires_at: int | None


@dataclass(frozen=True)
class Subscribed:
    """Tokens are served; None: all that were asked for."""

    tokens: Sequence[str] | None


@dataclass(frozen=True)
class Unsubscribed:
    """As Subscribed."""

    tokens: Sequence[str] | None


@dataclass(frozen=True)
class ErrorMessage:
    """An ERROR message, about a token or about the connection."""

    code: str
    text: str
    token: str | None


@dataclass(frozen=True)
class Other:
    """A pong, or a message that only a newer version of this library knows."""


Incoming = (
    Prices | Gap | Moved | Connected | Authorized | Subscribed | Unsubscribed | ErrorMessage | Other
)


def parse_message(text: str | bytes) -> Incoming:
    """Read a frame. Raises ValueError."""
    fields = as_fields(parse_json(text))
    # Errors of API Gateway itself have no type.
    parse = _PARSERS.get(str(fields.get("type")))
    return Other() if parse is None else parse(fields)


def _parse_price(fields: Fields) -> Prices:
    return Prices([parse_update(fields)])


def _parse_batch(fields: Fields) -> Prices:
    return Prices([parse_update(as_fields(each)) for each in as_list(fields.get("updates"))])


def _parse_gap(fields: Fields) -> Gap:
    match fields:
        case {"after": str() | None as after}:
            return Gap(_text(fields, "token"), after)
        case _:
            raise ValueError(f"no gap: {fields}")


def _parse_moved(fields: Fields) -> Moved:
    match fields:
        case {
            "path": str(path),
            "url": str(url),
            "after": str() | None as after,
            "jitterMs": int(jitter_ms),
        }:
            token, live_url = _text(fields, "token"), _text(fields, "liveUrl")
            return Moved(token, path, url, live_url, after, jitter_ms)
        case _:
            raise ValueError(f"no move: {fields}")


def _parse_error(fields: Fields) -> ErrorMessage:
    token = _text(fields, "token")
    return ErrorMessage(str(fields.get("code")), str(fields.get("message")), token)


def _parse_authorized(fields: Fields) -> Authorized:
    expires_at = fields.get("expiresAt")
    return Authorized(expires_at if isinstance(expires_at, int) else None)


def _tokens(fields: Fields) -> Sequence[str] | None:
    """Those that a message names, one or several."""
    if "tokens" in fields:
        return [str(token) for token in as_list(fields["tokens"])]
    token = _text(fields, "token")
    return None if token is None else [token]


def _text(fields: Fields, name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None


_PARSERS: Final[Mapping[str, Callable[[Fields], Incoming]]] = {
    "connected": lambda _: Connected(),
    "AUTHORIZED": _parse_authorized,
    "SUBSCRIBED": lambda fields: Subscribed(_tokens(fields)),
    "UNSUBSCRIBED": lambda fields: Unsubscribed(_tokens(fields)),
    "PRICE_UPDATE": _parse_price,
    "PRICE_BATCH": _parse_batch,
    "GAP": _parse_gap,
    "MOVED": _parse_moved,
    "ERROR": _parse_error,
}
