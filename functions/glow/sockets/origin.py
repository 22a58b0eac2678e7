"""Who may open a WebSocket: the rule about the Origin that a browser sends."""

from collections.abc import Set

_ANY_PORT = ":*"


def origin_is_allowed(origin: str | None, allowed: Set[str], *, origin_is_required: bool) -> bool:
    """Whether a client with this Origin header may connect.

    Without an Origin (mobile apps, wscat) it may, unless one is required: other sites cannot make
    a browser leave it out. An entry of `allowed` is an origin (`https://app.example`), an origin on
    any port (`http://localhost:*`), or what a page without an origin sends (`null`, `file://`).
    """
    if not origin:
        return not origin_is_required
    return origin in allowed or _without_port(origin) + _ANY_PORT in allowed


def _without_port(origin: str) -> str:
    """`origin` without its port. One that has none matches an entry for any port, too."""
    base, colon, port = origin.rpartition(":")
    return base if colon and port.isascii() and port.isdigit() else origin
