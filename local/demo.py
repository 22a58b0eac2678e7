"""Sends trades through the deployed stack and shows that a client of each path hears them."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal

from rich.console import Console

from functions.glow.update import Update
from local.clients import Endpoints, PathClient, aws_client, edge_client, send
from local.trades import (
    SIMPLE_PRICE,
    SIMPLE_SLOT,
    SIMPLE_TOKEN,
    SWAP_MINT,
    Trade,
    real_swap,
    simple_trade,
)

HandOver = Callable[[Update], None]


def run_demo(
    endpoints: Endpoints, console: Console, *, edge_is_on: bool, hand_to_other_path: HandOver
) -> None:
    """Send two trades to the webhook and show who hears them on the path that the flag names.

    `hand_to_other_path` gives a third to the other path, as a function would: both are alive.
    Prints how to go on; LocalError if a client hears nothing.
    """
    asyncio.run(_send_and_hear(endpoints, console, edge_is_on, hand_to_other_path))
    console.print(how_to_go_on(endpoints), markup=False, highlight=False, soft_wrap=True)


async def _send_and_hear(
    endpoints: Endpoints, console: Console, edge_is_on: bool, hand_to_other_path: HandOver
) -> None:
    now = int(time.time())
    tokens = [SWAP_MINT, SIMPLE_TOKEN]
    async with aws_client(endpoints, tokens) as on_aws, edge_client(endpoints, tokens) as at_edge:
        current, other = (at_edge, on_aws) if edge_is_on else (on_aws, at_edge)
        for trade in (real_swap(now), simple_trade(now)):
            await _show(console, trade, current, lambda trade=trade: send(endpoints, trade))
        third = simple_trade(now)
        update = Update(SIMPLE_TOKEN, Decimal(SIMPLE_PRICE), now, SIMPLE_SLOT, third.signature)
        await _show(console, third, other, lambda: asyncio.to_thread(hand_to_other_path, update))


async def _show(
    console: Console, trade: Trade, client: PathClient, act: Callable[[], Awaitable[None]]
) -> None:
    started = time.monotonic()
    await act()
    update = await client.hear(trade)
    elapsed_ms = (time.monotonic() - started) * 1000
    console.print(
        f"{client.path:<4} hears the {trade.title}: {json.dumps(update)}\n"
        f"     {elapsed_ms:.0f} ms after it was sent",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def how_to_go_on(endpoints: Endpoints) -> str:
    """Return the URLs and commands that work as they stand, in this folder."""
    subscribe = json.dumps({"action": "subscribePrice", "token": SIMPLE_TOKEN})
    edge_socket = f"{endpoints.edge_url.replace('http', 'ws', 1)}/ws/{SIMPLE_TOKEN}"
    read_key = 'import json,sys; print(json.load(sys.stdin)["LocalWebhookKey"])'
    body = (
        """{"type":"SWAP","txSignature":"try'$(date +%s)'","slot":250000000,"""
        """"timestamp":'$(date +%s)',"accounts":["""
        """{"address":"vault_sol","nativeBalanceChange":-2500000000},"""
        """{"address":"user","nativeBalanceChange":1000}]}"""
    )
    return f"""
Test page  {endpoints.edge_url}/
REST       {endpoints.rest_url}
WebSocket  {endpoints.websocket_url}  (path aws)
           {edge_socket}  (path edge)

Listen, in one terminal (the path that USE_EDGE_BROADCAST names):
  npx --yes wscat -c {edge_socket} -w 600
  npx --yes wscat -c {endpoints.websocket_url} -w 600 -x '{subscribe}'
Send, in another:
  KEY=$(make -s outputs | python3 -c '{read_key}')
  curl -sS {endpoints.webhook_url} -H "Authorization: Bearer $KEY" -H 'x-token: {SIMPLE_TOKEN}' -d '{body}'
Read:
  curl -sS {endpoints.rest_url}/tokens/{SIMPLE_TOKEN}/price
"""
