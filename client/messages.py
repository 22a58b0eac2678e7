"""Parses the messages that a server sends. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from client.fields import Fields, as_fields, as_list, parse_json
from client.paths import PROTOCOLS, Route
from client.update import Update, parse_update


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
    """The token has moved to another path; connect there after a random part of `jitter_ms`."""

    path: str
    url: str
    after: str | None
    jitter_ms: int

    @property
    def route(self) -> Route | None:
        """The route to the new path; None if only the stack knows how to speak there."""
        protocol = PROTOCOLS.get(self.path)
        if protocol is None:
            return None
        return Route(path=self.path, url=self.url, protocol=protocol, after=self.after)


@dataclass(frozen=True)
class ErrorMessage:
    """An ERROR message."""

    code: str
    text: str


@dataclass(frozen=True)
class Other:
    """A greeting, a pong, or a message that only a newer version of this library knows."""

    type: str


Incoming = Prices | Gap | Moved | ErrorMessage | Other


def parse_message(text: str | bytes) -> Incoming:
    """Read a frame. Raises ValueError."""
    fields = as_fields(parse_json(text))
    type_ = str(fields.get("type"))  # errors of API Gateway itself have no type
    parse = _PARSERS.get(type_)
    return Other(type_) if parse is None else parse(fields)


def _parse_price(fields: Fields) -> Prices:
    return Prices([parse_update(fields)])


def _parse_batch(fields: Fields) -> Prices:
    return Prices([parse_update(as_fields(each)) for each in as_list(fields.get("updates"))])


def _parse_gap(fields: Fields) -> Gap:
    match fields:
        case {"after": str() | None as after}:
            token = fields.get("token")
            return Gap(token if isinstance(token, str) else None, after)
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
            return Moved(path, url, after, jitter_ms)
        case _:
            raise ValueError(f"no move: {fields}")


def _parse_error(fields: Fields) -> ErrorMessage:
    return ErrorMessage(str(fields.get("code")), str(fields.get("message")))


_PARSERS: Final[Mapping[str, Callable[[Fields], Incoming]]] = {
    "PRICE_UPDATE": _parse_price,
    "PRICE_BATCH": _parse_batch,
    "GAP": _parse_gap,
    "MOVED": _parse_moved,
    "ERROR": _parse_error,
}
