"""All checks, in the order of the table. A family that cannot look is a line of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from functions.glow.errors import Unavailable
from ops.errors import OpsError
from ops.verify.alarms import check_alarms
from ops.verify.budget import check_budget
from ops.verify.clocks import check_clock
from ops.verify.endpoints import check_health, check_secrets
from ops.verify.finding import Finding, failed
from ops.verify.helius import check_helius
from ops.verify.market import Traded, check_candles, check_dollars
from ops.verify.origins import check_origins
from ops.verify.queues import check_dead_letters
from ops.verify.round_trip import Plan, check_round_trip
from ops.verify.storage import check_mappings, check_tables
from ops.verify.target import Target

_CAUSE: Final = "credentials of another account, or without the right to read"
_REMEDY: Final = "aws sts get-caller-identity"


def run_checks(target: Target, plan: Plan) -> Iterator[Finding]:
    """Each finding as soon as it is known."""
    traded = Traded(since=time.time(), trades=0)

    def round_trip() -> Sequence[Finding]:
        nonlocal traded
        began = time.time()
        trip = asyncio.run(check_round_trip(target, plan))
        traded = Traded(since=began, trades=trip.accepted)
        return trip.findings

    families: Mapping[str, Callable[[], Iterable[Finding]]] = {
        "health": lambda: check_health(target),
        "clock": lambda: [check_clock(target)],
        "secrets": lambda: check_secrets(target),
        "Origin": lambda: asyncio.run(_all(check_origins(target))),
        "tables": lambda: check_tables(target),
        "queues": lambda: check_mappings(target),
        "Helius's webhook": lambda: [check_helius(target)],
        "round trip": round_trip,
        "candles": lambda: [check_candles(target, traded)],
        "SOL/USD": lambda: [check_dollars(target)],
        "dead letters": lambda: check_dead_letters(target),
        "alarms": lambda: check_alarms(target),
        "budget": lambda: [check_budget(target)],
    }
    for name, family in families.items():
        yield from guarded(name, family, target)


def guarded(
    name: str, family: Callable[[], Iterable[Finding]], target: Target
) -> Iterator[Finding]:
    """What `family` finds; what AWS refuses and what the stack does not tell is found, too."""
    try:
        yield from family()
    except OpsError as error:
        # An output that a later version has: its deployment looks before it changes anything.
        yield failed(
            name, str(error), cause="another version of the stack is deployed", remedy=target.up
        )
    except (BotoCoreError, ClientError, Unavailable) as error:
        reason = error.__cause__ or error
        yield failed(name, f"could not be read: {reason}", cause=_CAUSE, remedy=_REMEDY)


async def _all(findings: AsyncIterator[Finding]) -> list[Finding]:
    return [finding async for finding in findings]
