"""How operators write a duration, and a moment."""

import re
from datetime import UTC, datetime
from typing import Final

from ops.errors import OpsError

_DURATION: Final = re.compile(r"(\d{1,6})([smhd])", re.ASCII)
_UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def parse_duration(text: str) -> int | None:
    """The seconds in `90s`, `30m`, `2h` or `30d`; None: it is no duration."""
    found = _DURATION.fullmatch(text)
    return None if found is None else int(found[1]) * _UNIT_SECONDS[found[2]]


def parse_moment(text: str, *, now: float) -> int:
    """Unix seconds of `2h` (ago), of an ISO time, in UTC unless it says otherwise, or of themselves.

    Raises OpsError.
    """
    ago = parse_duration(text)
    if ago is not None:
        return int(now) - ago
    if text.isascii() and text.isdigit() and len(text) <= 10:
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise OpsError(
            f"{text!r} is no time. Write 30m, 2h or 7d (ago), 2026-11-25T10:00 (UTC), or Unix seconds."
        ) from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
