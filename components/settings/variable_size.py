"""How large the edge worker's variables are. Pure.

Cloudflare refuses one of more than 5 KB, in the middle of an `up` (Workers, "Limits", "Environment variables").
"""

from collections.abc import Iterator
from typing import Final

from components.settings.model import Settings
from components.settings.problems import Problem, removal
from functions.glow.token import listed

MAX_BYTES: Final = 5_120
_COMMA: Final = 1

Entry = tuple[tuple[str, str | int], str]
"""Where config holds an entry of a list, and what the variable says of it."""


def size_problems(settings: Settings) -> Iterator[Problem]:
    """Yield the lists that are too large. How many entries they have, checks.py has counted."""
    if settings.edge is None:
        return
    tokens = settings.tokens.items()
    yield from _problem(
        "tokens", [(("tokens", symbol), listed(symbol, token)) for symbol, token in tokens]
    )
    origins = enumerate(settings.allowed_origins)
    yield from _problem(
        "allowedOrigins", [(("allowedOrigins", index), origin) for index, origin in origins]
    )


def _problem(key: str, entries: list[Entry]) -> Iterator[Problem]:
    size = sum(map(_bytes, entries)) - _COMMA
    if size <= MAX_BYTES:
        return
    yield Problem(
        key,
        f"takes {size:,} bytes as a variable of the edge worker; Cloudflare takes {MAX_BYTES:,}. Use shorter names, or"
        " remove some, such as the longest",
        # From the end: removing an entry of a list moves those behind it.
        tuple(removal(path) for path in sorted(_too_many(entries, size), reverse=True)),
    )


def _too_many(entries: list[Entry], size: int) -> Iterator[tuple[str, str | int]]:
    """The longest, of which the rest is small enough."""
    for entry in sorted(entries, key=_bytes, reverse=True):
        if size <= MAX_BYTES:
            return
        size -= _bytes(entry)
        yield entry[0]


def _bytes(entry: Entry) -> int:
    return len(entry[1].encode()) + _COMMA
