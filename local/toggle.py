"""Flips the flag both ways and shows which client hears the trades, and what it is told."""

import asyncio
import time
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

from local.clients import Endpoints, RawClient, aws_client, edge_client, webhook
from local.followers import Follower, following
from local.results import results
from local.trades import SIMPLE_TOKEN, simple_trade

SetFlag = Callable[[bool], None]


def run_toggle(
    endpoints: Endpoints, console: Console, *, edge_is_on: bool, set_flag: SetFlag
) -> None:
    """Deploy the other path and back, a trade after each `up`; LocalError if nobody hears it.

    There are a client of the library, which follows by itself, and a raw client on each path.
    """
    table = results("Flag", "Library", "Raw client on aws", "Raw client on edge")
    asyncio.run(_toggle(endpoints, table, [not edge_is_on, edge_is_on], set_flag))
    console.print(table)


async def _toggle(
    endpoints: Endpoints, table: Table, flags: Sequence[bool], set_flag: SetFlag
) -> None:
    async with following(SIMPLE_TOKEN, api=endpoints.rest_url) as follower:
        for flag in flags:
            if flag:
                await asyncio.to_thread(set_flag, flag)
                # Before it is told to serve, a room whose token was elsewhere lets nobody stay.
                await _moved(follower, "edge")
            async with (
                aws_client(endpoints, SIMPLE_TOKEN) as on_aws,
                edge_client(endpoints, SIMPLE_TOKEN) as at_edge,
            ):
                if not flag:
                    await asyncio.to_thread(set_flag, flag)
                await _send(endpoints, table, flag, follower, [on_aws, at_edge])


async def _send(
    endpoints: Endpoints,
    table: Table,
    flag: bool,
    follower: Follower,
    raw: Sequence[RawClient],
) -> None:
    await _moved(follower, "edge" if flag else "aws")
    trade = simple_trade(int(time.time()))
    async with webhook(endpoints) as helius:
        await helius.send(trade)
    heard = await follower.hear(trade)
    for client in raw:
        await client.hear(trade)  # both, within the grace
    shown = [_shown(client) for client in raw]
    table.add_row(str(flag).lower(), f"heard on {heard.path}", *shown)


async def _moved(follower: Follower, path: str) -> None:
    await follower.wait_for(lambda: follower.path == path, f"its move to {path}")


def _shown(client: RawClient) -> str:
    return "heard" if client.moved_to is None else f"heard, told to move to {client.moved_to}"
