"""The tokens of a stack, page by page: those of config, or else those that were traded lately."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from functions.glow.errors import BadRequest
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.token import PROBE_TOKEN, shown

CURSOR_PATTERN: Final = r"^[A-Za-z0-9._-]{1,80}$"

_CURSOR = re.compile(CURSOR_PATTERN, re.ASCII)
# A row's key holds one `#`, which a URL would have to escape. No token holds a dot.
_IN_KEY: Final = "#"
_ON_WIRE: Final = "."


@dataclass(frozen=True, slots=True)
class TokenPage:
    """`next` is the cursor of the following page, None at the end. A page may be empty before it."""

    tokens: Sequence[str]
    next: str | None


class TokenPages:
    """`now` is Unix time in seconds. Raises Unavailable when the routing table does not answer."""

    def __init__(self, known: KnownTokens, configured: frozenset[str]) -> None:
        self._known = known
        self._configured = sorted(configured)

    def page(
        self, after: str | None, *, limit: int, now: float, heard: frozenset[str] | None
    ) -> TokenPage:
        """At most `limit` tokens, and a cursor, of those in `heard` (None: of all).

        In the order of their names if config or `heard` lists them, else in none. Where config lists
        none, some of `heard` may never have been traded.
        """
        if after is not None and not _CURSOR.fullmatch(after):
            raise BadRequest(f"after must be the next of the page before; got {shown(after)}")
        listed = self._listed(heard)
        if listed is not None:
            rest = [token for token in listed if after is None or token > after]
            return TokenPage(rest[:limit], rest[limit - 1] if len(rest) > limit else None)
        cursor = None if after is None else after.replace(_ON_WIRE, _IN_KEY)
        tokens, following = self._known.page(cursor, now=now, rows=limit)
        return TokenPage(
            tokens, None if following is None else following.replace(_IN_KEY, _ON_WIRE)
        )

    def _listed(self, heard: frozenset[str] | None) -> Sequence[str] | None:
        """All tokens there may be, by name; None where only the table can tell."""
        if heard is None:
            return self._configured or None
        real = heard - {PROBE_TOKEN}
        return [token for token in self._configured or sorted(real) if token in real]
