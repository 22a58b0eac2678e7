"""Does this machine know what time it is? Latencies, access tokens and ages go by its clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from ops.verify.finding import Finding, failed, skipped, well
from ops.verify.target import Target

_NAME: Final = "clock"
_TIMEOUT_SECONDS: Final = 10
# HTTP dates are whole seconds. Access tokens may be 30 s off (functions/glow/listeners).
_MOST_SECONDS: Final = 5


def check_clock(target: Target, *, now: Callable[[], float] = time.time) -> Iterator[Finding]:
    """Whether `now` (Unix seconds) and the date of the REST API's answer agree."""
    began = now()
    try:
        date = httpx.get(f"{target.rest_url}/health/live", timeout=_TIMEOUT_SECONDS).headers["date"]
    except (httpx.HTTPError, KeyError):
        yield skipped(_NAME, "the API told no time; see the line on health")
        return
    # Between these two moments it was asked.
    ahead = max(began - parsedate_to_datetime(date).timestamp() - 1, 0)
    behind = max(parsedate_to_datetime(date).timestamp() - now(), 0)
    if max(ahead, behind) <= _MOST_SECONDS:
        yield well(_NAME, "as AWS has it")
        return
    how = f"{ahead:.0f} s ahead of" if ahead else f"{behind:.0f} s behind"
    yield failed(
        _NAME,
        f"this machine is {how} AWS: latencies and ages below are wrong by that",
        cause="this machine does not set its clock by the network",
        remedy="timedatectl set-ntp true",
    )
