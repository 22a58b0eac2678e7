"""Which web origins may listen and read: the rule about the header `Origin` that a browser sends."""

from collections.abc import Set

_ANY_PORT = ":*"


def is_listed(origin: str, allowed: Set[str]) -> bool:
    """Whether `allowed` has this origin. Its entries are origins (`https://app.example`), origins on
    any port (`http://localhost:*`), and what a page without an origin sends (`null`, `file://`)."""
    is_itself = origin in allowed and not origin.endswith(_ANY_PORT)
    return is_itself or _without_port(origin) + _ANY_PORT in allowed


def origin_is_allowed(
    origin: str | None, allowed: Set[str], *, own: Set[str], origin_is_required: bool
) -> bool:
    """Whether a client with this Origin header may open a WebSocket.

    Without an Origin (mobile apps, wscat) it may, unless one is required: other sites cannot make
    a browser leave it out. `own` are origins of the server itself, which React Native sends.
    """
    if origin is None:
        return not origin_is_required
    return origin in own or is_listed(origin, allowed)


def _without_port(origin: str) -> str:
    """`origin` without its port. One that has none matches an entry for any port, too."""
    base, colon, port = origin.rpartition(":")
    return base if colon and port.isascii() and port.isdigit() else origin
