"""A stream of made-up trades: a price that wanders, for whoever builds an app or looks at the page."""

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from local.clients import Endpoints, webhook
from local.progress import step
from local.trades import SIMPLE_SLOT, simple_trade

START_LAMPORTS: Final = 2_500_000_000
# Bounds of the walk, so that a long stream neither dies away nor explodes.
LEAST_LAMPORTS: Final = START_LAMPORTS // 5
MOST_LAMPORTS: Final = START_LAMPORTS * 5
# Of one step of the walk, as a share of the price.
SPREAD: Final = 0.004
# Whole steps, so that a price has few digits.
STEP_LAMPORTS: Final = 100_000
LAMPORTS_PER_PRICE: Final = 1_000_000_000 * 1_000  # of 1 SOL per token: a trade is of 1,000 tokens


def run_stream(
    endpoints: Endpoints, *, token: str, per_second: float, count: int | None = None
) -> None:
    """Send trades of `token` until Ctrl-C, or `count` of them; LocalError if one is refused."""
    with step(f"Trades of {token}, Ctrl-C ends them") as current, suppress(KeyboardInterrupt):
        current.note("0 sent")
        asyncio.run(send_stream(endpoints, current.note, token, per_second, count))


async def send_stream(
    endpoints: Endpoints,
    note: Callable[[str], None],
    token: str,
    per_second: float,
    count: int | None = None,
) -> None:
    """Send the stream, and `note` after each trade how many were sent and the last one's price."""
    numbers = itertools.count(1) if count is None else range(1, count + 1)
    started = time.monotonic()
    async with webhook(endpoints) as helius:
        for number, lamports in zip(numbers, walk(random.Random()), strict=False):  # noqa: S311  no secret
            # Each in a slot of its own: ids of one slot are in no order, and most would come late.
            now, slot = int(time.time()), SIMPLE_SLOT + number
            await helius.send(simple_trade(now, token, lamports=lamports, slot=slot))
            note(f"{number:,} sent, the last at {lamports / LAMPORTS_PER_PRICE:.7f} SOL")
            # By the clock, so that what a trade takes does not slow the stream down.
            await asyncio.sleep(max(0, started + number / per_second - time.monotonic()))


def walk(chance: random.Random) -> Iterator[int]:
    """Lamports for 1,000 tokens, each a small step from the one before."""
    lamports = START_LAMPORTS
    while True:
        yield lamports
        wandered = STEP_LAMPORTS * round(lamports * (1 + chance.gauss(0, SPREAD)) / STEP_LAMPORTS)
        lamports = min(max(wandered, LEAST_LAMPORTS), MOST_LAMPORTS)
