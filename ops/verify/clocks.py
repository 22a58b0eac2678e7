"""Does this machine know what time it is? Latencies, access tokens and ages go by its clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from ops.verify.finding import Finding, failed, skipped, well
from ops.verify.target import Target

_NAME: Final = "clock"
_TIMEOUT_SECONDS: Final = 10
# HTTP dates are whole seconds. Access tokens may be 30 s off (functions/glow/listeners).
_MOST_SECONDS: Final = 5


def check_clock(target: Target, *, now: Callable[[], float] = time.time) -> Finding:
    """Whether `now` (Unix seconds) and the date of the REST API's answer agree."""
    began = now()
    try:
        date = httpx.get(f"{target.rest_url}/health/live", timeout=_TIMEOUT_SECONDS).headers["date"]
    except (httpx.HTTPError, KeyError):
        return skipped(_NAME, "the API told no time; see the line on health")
    theirs = parsedate_to_datetime(date).timestamp()  # of a moment between `began` and now
    ahead, behind = max(began - theirs - 1, 0), max(theirs - now(), 0)
    if max(ahead, behind) <= _MOST_SECONDS:
        return well(_NAME, "as AWS has it")
    how = f"{ahead:.0f} s ahead of" if ahead else f"{behind:.0f} s behind"
    return failed(
        _NAME,
        f"this machine is {how} AWS: latencies and ages below are wrong by that",
        cause="this machine does not set its clock by the network",
        remedy="timedatectl set-ntp true",
    )
