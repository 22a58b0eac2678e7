"""Flips the flag both ways and shows which path's client hears the trades."""

import asyncio
import time
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

from local.clients import Endpoints, aws_client, edge_client, send
from local.trades import SIMPLE_TOKEN, Trade, simple_trade

SetFlag = Callable[[bool], None]


def run_toggle(
    endpoints: Endpoints, console: Console, *, edge_is_on: bool, set_flag: SetFlag
) -> None:
    """Deploy the other path and back, a trade after each `up`; LocalError if nobody hears it."""
    asyncio.run(_toggle(endpoints, console, [not edge_is_on, edge_is_on], set_flag))


async def _toggle(
    endpoints: Endpoints, console: Console, flags: Sequence[bool], set_flag: SetFlag
) -> None:
    table = Table("USE_EDGE_BROADCAST", "Trade", "Client on aws", "Client on edge")
    tokens = [SIMPLE_TOKEN]
    async with aws_client(endpoints, tokens) as on_aws, edge_client(endpoints, tokens) as at_edge:
        for flag in flags:
            await asyncio.to_thread(set_flag, flag)
            trade = simple_trade(int(time.time()))
            await send(endpoints, trade)
            await (at_edge if flag else on_aws).hear(trade)
            heard = [_shown(trade, client.heard) for client in (on_aws, at_edge)]
            table.add_row(str(flag).lower(), trade.signature, *heard)
    console.print(table)


def _shown(trade: Trade, heard: dict[str, dict[str, object]]) -> str:
    return "heard" if trade.signature in heard else "-"
