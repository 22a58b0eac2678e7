"""Which part of a token's prices a request wants: `range=1d`, or `after=<id>`, up to `until=<id>`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from functions.glow.errors import BadRequest
from functions.glow.update import id_at, parse_id

RANGE_PATTERN: Final = r"^([0-9]{1,9})([smhd])$"

_RANGE = re.compile(RANGE_PATTERN, re.ASCII)
_UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Span:
    """Ids with `after` < id <= `until`; no `until`: to the newest."""

    after: str
    until: str | None


def parse_span(query: Mapping[str, str], *, now: float, retention_seconds: int) -> Span:
    """Read the query parameters. Raises BadRequest that names the parameter and the remedy."""
    range_, after = query.get("range"), query.get("after")
    if (range_ is None) == (after is None):
        raise BadRequest("give exactly one of range (as 30s, 15m, 4h or 1d) and after (an id)")
    until = query.get("until")
    return Span(
        after=parse_id(after, where="after")
        if range_ is None
        else id_at(int(now) - _seconds(range_, retention_seconds)),
        until=None if until is None else parse_id(until, where="until"),
    )


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
