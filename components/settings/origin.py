"""Web origins as config may list them."""

import re
from typing import Final

# Any port of the own machine, for development: `http://localhost:*`.
_LOOPBACK: Final = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:(\d{1,5}|\*))?")
_SECURE: Final = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?")
# What browsers send for sandboxed frames, and what some WebViews send for local files.
_SPECIAL: Final = frozenset({"null", "file://"})


def parse_origin(text: str) -> str:
    """`text`, if it is https://host[:port] or http on the own machine. Raises ValueError."""
    if _SECURE.fullmatch(text) or _LOOPBACK.fullmatch(text):
        return text
    raise ValueError(
        "must be a bare origin: https://host or https://host:port in lower case, without path or"
        " slash (http only for localhost)"
    )


def parse_listed_origin(text: str) -> str:
    """As `parse_origin`, or one of the special origins `null` and `file://`."""
    return text if text in _SPECIAL else parse_origin(text)


def is_loopback_origin(origin: str) -> bool:
    """Whether it is one of the own machine, the only ones that http is good for."""
    return _LOOPBACK.fullmatch(origin) is not None


def is_cors_origin(origin: str) -> bool:
    """Whether API Gateway can match it: the rest are for the WebSocket's own check only."""
    return origin not in _SPECIAL and not origin.endswith(":*")
