"""Web origins as config may list them."""

import re
from typing import Final

# For development: this machine, with one port or any, as in `http://localhost:*`.
_LOOPBACK: Final = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:(\d{1,5}|\*))?")
_SECURE: Final = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?")
# What browsers send for sandboxed frames, and what some WebViews send for local files.
_SPECIAL: Final = frozenset({"null", "file://"})


def parse_origin(text: str) -> str:
    """Return `text` if it is https://host[:port], or http on this machine. Raises ValueError."""
    if _SECURE.fullmatch(text) or _LOOPBACK.fullmatch(text):
        return text
    raise ValueError(
        "must be a bare origin: https://host or https://host:port in lower case, without path or"
        " slash (http only for localhost)"
    )


def parse_listed_origin(text: str) -> str:
    """As `parse_origin`, but `null` and `file://` are also taken."""
    return text if text in _SPECIAL else parse_origin(text)


def is_loopback_origin(origin: str) -> bool:
    """Tell whether `origin` is on this machine. Only there is http accepted."""
    return _LOOPBACK.fullmatch(origin) is not None


def is_loopback_url(url: str) -> bool:
    """Tell whether `url` is http on this machine, with any path."""
    return is_loopback_origin("/".join(url.split("/", 3)[:3]))
