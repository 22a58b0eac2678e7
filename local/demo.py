"""Sends trades through the deployed stack and shows that clients of both paths hear them."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

from rich.console import Console

from local.clients import Endpoints, webhook
from local.config import AWS_REGION
from local.followers import Follower, following
from local.helius.client import helius_swap
from local.helius.recordings import swap_mint
from local.trades import SIMPLE_TOKEN, Trade, simple_trade

# Returns when it was sent, too: in seconds of `time.monotonic`.
Send = Callable[[], Awaitable[tuple[Trade, float]]]


def run_demo(endpoints: Endpoints, console: Console) -> None:
    """Have two trades reach the webhook and show who hears them, and on which path.

    One is posted by the local Helius, to the webhook that the stack has registered there; the other is
    in the simple form, as a program of one's own sends it. Each trade has two clients: one names a
    region that the stack sends to AWS, the other names none.

    Prints what to do next; LocalError if a client hears nothing.
    """
    asyncio.run(_send_and_hear(endpoints, console))
    console.print(how_to_go_on(endpoints), markup=False, highlight=False, soft_wrap=True)


async def _send_and_hear(endpoints: Endpoints, console: Console) -> None:
    async def by_helius() -> tuple[Trade, float]:
        return await helius_swap(endpoints.helius_url)

    async def by_hand() -> tuple[Trade, float]:
        trade = simple_trade(int(time.time()))
        async with webhook(endpoints) as sender:
            started = time.monotonic()
            await sender.send(trade)
        return trade, started

    sends: dict[str, Send] = {swap_mint(): by_helius, SIMPLE_TOKEN: by_hand}
    for token, send in sends.items():
        async with (
            following(token, api=endpoints.rest_url) as somewhere,
            following(token, api=endpoints.rest_url, region=AWS_REGION) as in_region,
        ):
            trade, started = await send()
            for client in (somewhere, in_region):
                await _show(console, trade, client, started)


async def _show(console: Console, trade: Trade, client: Follower, started: float) -> None:
    heard = await client.hear(trade)
    update = heard.update
    shown = {"token": update.token, "price": float(update.price), "id": update.id}
    console.print(
        f"{heard.path:<4} hears the {trade.title} {(heard.at - started) * 1000:.0f} ms after it was"
        f" sent: {json.dumps(shown)}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def how_to_go_on(endpoints: Endpoints) -> str:
    """Return the URLs and commands that work as they stand, in this folder."""
    subscribe = json.dumps({"action": "subscribePrice", "token": SIMPLE_TOKEN})
    edge_socket = f"{endpoints.edge_url.replace('http', 'ws', 1)}/ws/{SIMPLE_TOKEN}"
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

Let prices move on that page, until Ctrl-C:
  make trades
Ask where to listen:
  curl -sS {endpoints.rest_url}/connect/{SIMPLE_TOKEN}
Listen, in one terminal, on the path that it names:
  npx --yes wscat -c {edge_socket} -w 600
  npx --yes wscat -c {endpoints.websocket_url} -w 600 -x '{subscribe}'
Send, in another:
  eval "$(make env)"
  curl -sS {endpoints.webhook_url} -H "Authorization: Bearer $KEY" -H 'x-token: {SIMPLE_TOKEN}' -d '{body}'
Read:
  curl -sS {endpoints.rest_url}/tokens/{SIMPLE_TOKEN}/price
"""
