"""Parses the messages that a server sends. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from client.fields import Fields, as_fields, as_list, parse_json
from client.paths import PATHS, Path, Route
from client.update import Update, parse_update


@dataclass(frozen=True)
class Prices:
    """Updates, in the order in which the path sent them."""

    updates: Sequence[Update]


@dataclass(frozen=True)
class Gap:
    """Updates may be missing between two ids; `until` is None if none has followed yet."""

    after: str
    until: str | None


@dataclass(frozen=True)
class Moved:
    """The token has moved to another path; connect there after a random part of `jitter_ms`."""

    path: Path
    url: str
    after: str | None
    jitter_ms: int

    def route(self, token: str) -> Route:
        """The route to the new path. MOVED names no protocol, so it is the path's default."""
        return Route(
            path=self.path, url=self.url, protocol=self.path.protocol(token), after=self.after
        )


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
        case {"after": str(after), "until": str() | None as until}:
            return Gap(after, until)
        case _:
            raise ValueError(f"no gap: {fields}")


def _parse_moved(fields: Fields) -> Moved:
    match fields:
        case {
            "path": str(name),
            "url": str(url),
            "after": str() | None as after,
            "jitterMs": int(jitter_ms),
        } if name in PATHS:
            return Moved(PATHS[name], url, after, jitter_ms)
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
