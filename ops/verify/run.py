"""All checks, in the order of the table. A family that ends with an error is a line of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from functions.glow.errors import Unavailable
from ops.verify.alarms import check_alarms
from ops.verify.budget import check_budget
from ops.verify.clocks import check_clock
from ops.verify.endpoints import check_health, check_secrets
from ops.verify.finding import Finding, failed
from ops.verify.helius import check_helius
from ops.verify.market import Traded, check_candles, check_dollars
from ops.verify.origins import check_origins
from ops.verify.queues import check_dead_letters
from ops.verify.round_trip import Plan, RoundTrip, check_round_trip
from ops.verify.storage import check_mappings, check_tables
from ops.verify.target import Target

_CAUSE: Final = "credentials of another account, or without the right to read"
_REMEDY: Final = "aws sts get-caller-identity"


def run_checks(target: Target, plan: Plan) -> Iterator[Finding]:
    """Each finding as soon as it is known."""
    yield from check_health(target)
    yield check_clock(target)
    yield from check_secrets(target)
    yield from asyncio.run(_all(check_origins(target)))
    yield from guarded("tables", lambda: check_tables(target))
    yield from guarded("queues", lambda: check_mappings(target))
    yield check_helius(target)
    began = time.time()
    trip: RoundTrip = asyncio.run(check_round_trip(target, plan))
    yield from trip.findings
    traded = Traded(since=began, trades=trip.accepted)
    yield from guarded("candles", lambda: [check_candles(target, traded)])
    yield from guarded("SOL/USD", lambda: [check_dollars(target, now=time.time())])
    yield from guarded("dead letters", lambda: check_dead_letters(target))
    yield from guarded("alarms", lambda: check_alarms(target))
    yield from guarded("budget", lambda: [check_budget(target)])


def guarded(name: str, family: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What `family` finds; what AWS refuses is found, too."""
    try:
        yield from family()
    except (BotoCoreError, ClientError, Unavailable) as error:
        reason = error.__cause__ or error
        yield failed(name, f"could not be read: {reason}", cause=_CAUSE, remedy=_REMEDY)


async def _all(findings: AsyncIterator[Finding]) -> list[Finding]:
    return [finding async for finding in findings]
