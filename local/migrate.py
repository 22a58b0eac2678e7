"""Moves tokens between the paths by percentage while trades go on, and counts what clients heard."""

import asyncio
import itertools
import secrets
import statistics
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from functions.glow.routing.policy import Policy
from local.clients import Endpoints, Webhook, webhook
from local.followers import HEAR_SECONDS, Follower, following
from local.results import results
from local.trades import Trade, simple_trade

STEPS: Final = (0, 10, 50, 100, 0)
CLIENTS_PER_TOKEN: Final = 20
TRADES_PER_SECOND: Final = 10
SENDERS: Final = 4
# For each of the five tokens the first step that sends it to the edge.
TOKEN_STEPS: Final = (10, 50, 50, 100, 100)
# From the last client's move to the end of the old path: the rest of the grace (functions/glow/routing/walk.py).
AFTER_SECONDS: Final = 15
# For each client that resumes on AWS the emulator reads the token's whole history, in 0.3 s.
ROUTING: Final = {"graceSeconds": 10, "awsConnectsPerSecond": 3}

# Of two lines where they have two words, so that 80 columns hold them all.
COLUMNS: Final = (
    *("edge\n%", "on\naws", "on\nedge", "trades", "received", "lost", "twice"),
    *("p50\nms", "p99\nms", "moved", "within\ns"),
)

Deploy = Callable[[int], None]


def run_migration(endpoints: Endpoints, console: Console, *, deploy: Deploy) -> None:
    """Take `edgePercent` through STEPS by `deploy`, and print a row for each.

    LocalError if a client does not get to where its token went.
    """
    table = results(*COLUMNS)
    asyncio.run(_migrate(endpoints, table, deploy))
    console.print(table)


@dataclass(frozen=True)
class _Sent:
    """A trade that the webhook took, and when it was sent, in seconds of `time.monotonic`."""

    trade: Trade
    at: float


async def _migrate(endpoints: Endpoints, table: Table, deploy: Deploy) -> None:
    tokens = list(_tokens())
    await asyncio.to_thread(deploy, STEPS[0])
    async with AsyncExitStack() as stack:
        # One after the other: for many at once the emulator would start a process each.
        followers = [
            await stack.enter_async_context(following(token, api=endpoints.rest_url))
            for token in tokens
            for _ in range(CLIENTS_PER_TOKEN)
        ]
        sent = await stack.enter_async_context(_trading(endpoints, tokens))
        for percent in STEPS:
            table.add_row(*map(str, await _step(percent, sent, followers, deploy)))


async def _step(
    percent: int, sent: list[_Sent], followers: Sequence[Follower], deploy: Deploy
) -> list[object]:
    """Deploy `percent`, wait until every client is where it belongs and the old path is over; the
    row of the table."""
    first, repeats = len(sent), _repeats(followers)
    began = time.monotonic()
    await asyncio.to_thread(deploy, percent)
    policy = Policy(edge_is_on=True, edge_percent=percent)
    for follower in followers:
        path = policy.path(follower.token)
        await follower.wait_for(lambda f=follower, p=path: f.path == p, f"its move to {path}")
    await asyncio.sleep(AFTER_SECONDS)
    trades = sent[first:]
    waits_ms = await _waits_ms(trades, followers)
    paths = Counter(follower.path for follower in followers)
    moved = [follower for follower in followers if follower.live_at > began]
    lost = len(trades) * CLIENTS_PER_TOKEN - len(waits_ms)
    duplicated = _repeats(followers) - repeats
    row = [percent, paths["aws"], paths["edge"], len(trades), len(waits_ms), lost, duplicated]
    return [*row, *_percentiles(waits_ms), len(moved), _seconds_to_move(moved)]


async def _waits_ms(trades: Sequence[_Sent], followers: Sequence[Follower]) -> list[float]:
    """How long each client waited for each trade of its token, of those that it heard."""
    pairs = [(s, f) for s in trades for f in followers if f.token == s.trade.token]
    deadline = time.monotonic() + HEAR_SECONDS
    while any(s.trade.signature not in f.heard for s, f in pairs):
        if time.monotonic() > deadline:
            break
        await asyncio.sleep(0.1)
    return [
        (f.heard[s.trade.signature].at - s.at) * 1_000
        for s, f in pairs
        if s.trade.signature in f.heard
    ]


@asynccontextmanager
async def _trading(endpoints: Endpoints, tokens: Sequence[str]) -> AsyncGenerator[list[_Sent]]:
    """Send trades of `tokens`, turn by turn, as long as the block lasts; those that were taken.

    Each of SENDERS waits for its answer: where the machine is too slow there are fewer trades.
    """
    sent: list[_Sent] = []
    turns = itertools.cycle(tokens)

    async def trade(helius: Webhook) -> None:
        while True:
            started = time.monotonic()
            trade = simple_trade(int(time.time()), next(turns))
            await helius.send(trade)
            sent.append(_Sent(trade, started))
            due = started + SENDERS / TRADES_PER_SECOND
            await asyncio.sleep(max(0, due - time.monotonic()))

    async with webhook(endpoints) as helius:
        trading = [asyncio.create_task(trade(helius)) for _ in range(SENDERS)]
        try:
            yield sent
        finally:
            for task in trading:
                task.cancel()
            await asyncio.gather(*trading, return_exceptions=True)


def _tokens() -> Iterator[str]:
    """New tokens without a history. Each goes to the edge at its step of TOKEN_STEPS."""
    run = secrets.token_hex(4)
    names = (f"MIGRATE_{run}_{number}" for number in itertools.count())
    steps = sorted({*STEPS})
    for step in TOKEN_STEPS:
        yield next(name for name in names if _first_step(name, steps) == step)


def _first_step(token: str, steps: Sequence[int]) -> int:
    return next(
        step for step in steps if Policy(edge_is_on=True, edge_percent=step).path(token) == "edge"
    )


def _repeats(followers: Sequence[Follower]) -> int:
    return sum(follower.repeats for follower in followers)


def _percentiles(waits_ms: Sequence[float]) -> tuple[int, int]:
    cuts = statistics.quantiles(waits_ms, n=100)
    return round(cuts[49]), round(cuts[98])


def _seconds_to_move(moved: Sequence[Follower]) -> float:
    """From the moment the first client was told to move until the last one was connected again."""
    if not moved:
        return 0.0
    told = min(follower.moving_at for follower in moved)
    return round(max(follower.live_at for follower in moved) - told, 1)
