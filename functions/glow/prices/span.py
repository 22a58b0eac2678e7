"""Which part of a token's prices a request wants: `range=1d`, `after=<id>` up to `until=<id>`, or `last=100`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from functions.glow.errors import BadRequest
from functions.glow.update import id_at, parse_id

RANGE_PATTERN: Final = r"^([0-9]{1,9})([smhd])$"

# What a room reads to heal itself: as many as a replay holds (worker/limits.js).
MAX_LAST: Final = 500

_RANGE = re.compile(RANGE_PATTERN, re.ASCII)
_UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Span:
    """Ids with `after` < id <= `until`; no `until`: to the newest."""

    after: str
    until: str | None


@dataclass(frozen=True, slots=True)
class Last:
    """The updates with the highest ids."""

    count: int


def parse_span(query: Mapping[str, str], *, now: float, retention_seconds: int) -> Span | Last:
    """Read the query parameters. Raises BadRequest that names the parameter and the remedy."""
    if sum(name in query for name in ("range", "after", "last")) != 1:
        raise BadRequest(
            "give exactly one of range (as 30s, 15m, 4h or 1d), after (an id) and last (a number)"
        )
    if "last" in query:
        return _last(query)
    range_, after = query.get("range"), query.get("after")
    until = query.get("until")
    return Span(
        after=parse_id(after, where="after")
        if range_ is None
        else id_at(int(now) - _seconds(range_, retention_seconds)),
        until=None if until is None else parse_id(until, where="until"),
    )


def _last(query: Mapping[str, str]) -> Last:
    if "until" in query:
        raise BadRequest("until does not go with last, which ends at the newest; leave it out")
    text = query["last"]
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= MAX_LAST):
        raise BadRequest(f"last must be a whole number from 1 to {MAX_LAST}")
    return Last(int(text))


def _seconds(range_: str, retention_seconds: int) -> int:
    match = _RANGE.fullmatch(range_)
    if match is None or int(match[1]) == 0:
        raise BadRequest("range must be a number above 0 and one of s, m, h, d: 30s, 15m, 4h, 1d")
    seconds = int(match[1]) * _UNIT_SECONDS[match[2]]
    if seconds > retention_seconds:
        raise BadRequest(
            f"range must be at most {retention_seconds}s: prices are kept no longer"
            " (glow:priceRetentionDays)"
        )
    return seconds
