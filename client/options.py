"""Checks what the user passes to `subscribe`, so that a mistake is told at once. Pure."""

import re
from typing import Final

from client.paths import Delivery

MAX_FILL: Final = 10_000

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_API: Final = re.compile(r"https?://[^\s?#]+")


def check_options(token: str, api: str, delivery: Delivery, max_fill: int) -> None:
    """Raise ValueError that names what is wrong."""
    rules = (
        (_matches(_TOKEN, token), "token must be 1 to 64 of A-Z a-z 0-9 _ -", token),
        (_matches(_API, api), "api must be the URL RestApiUrl", api),
        (delivery in ("all", "latest"), 'delivery must be "all" or "latest"', delivery),
        (max_fill > 0, "max_fill must be above 0", max_fill),
    )
    for is_right, rule, value in rules:
        if not is_right:
            raise ValueError(f"{rule}; got {value!r}")


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
