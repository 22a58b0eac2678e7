"""Sends two trades through the deployed stack and shows that a WebSocket client hears them."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, cast

import httpx
from rich.console import Console
from websockets.asyncio.client import ClientConnection, connect

from local.errors import LocalError
from local.paths import REPOSITORY

# A real swap of 150 USDC for 1.00019736 SOL, as Helius sends it; its source is beside it.
SWAP: Final = REPOSITORY / "tests" / "data" / "helius" / "enh_swap_jupiter_usdc_to_sol_1hop.json"
SWAP_MINT: Final = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
SIMPLE_TOKEN: Final = "DEMO_TOKEN"  # noqa: S105  a token that is traded

FRAME_SECONDS: Final = 15
BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Where the stack listens, and the key of its webhook."""

    webhook_url: str
    rest_url: str
    websocket_url: str
    webhook_key: str


@dataclass(frozen=True, kw_only=True)
class Trade:
    """A body for the webhook, and what a client must hear of it."""

    title: str
    token: str
    signature: str
    body: object
    headers: dict[str, str]


def real_swap(now: int) -> Trade:
    """Return the real body, made new: only signature and time of its transaction differ."""
    (transaction,) = cast("list[dict[str, object]]", json.loads(SWAP.read_text()))
    signature = "".join(secrets.choice(BASE58) for _ in range(88))
    body = [transaction | {"signature": signature, "timestamp": now}]
    return Trade(title="Helius swap", token=SWAP_MINT, signature=signature, body=body, headers={})


def simple_trade(now: int) -> Trade:
    """Return a trade in the simple form: 2.5 SOL for 1,000 tokens."""
    signature = f"demo{secrets.token_hex(8)}"
    body = {
        "type": "SWAP",
        "txSignature": signature,
        "slot": 250_000_000,
        "timestamp": now,
        "accounts": [
            {"address": "vault_sol", "nativeBalanceChange": -2_500_000_000},
            {"address": "user", "nativeBalanceChange": 1_000},
        ],
    }
    return Trade(
        title="simple form",
        token=SIMPLE_TOKEN,
        signature=signature,
        body=body,
        headers={"x-token": SIMPLE_TOKEN},
    )


def run_demo(endpoints: Endpoints, console: Console) -> None:
    """Send both trades, print what arrived and how to go on; LocalError if nothing arrives."""
    asyncio.run(_send_and_hear(endpoints, console))
    console.print(how_to_go_on(endpoints), markup=False, highlight=False, soft_wrap=True)


async def _send_and_hear(endpoints: Endpoints, console: Console) -> None:
    now = int(time.time())
    trades = [real_swap(now), simple_trade(now)]
    async with connect(endpoints.websocket_url) as socket, httpx.AsyncClient(timeout=30) as http:
        for trade in trades:
            await socket.send(json.dumps({"action": "subscribePrice", "token": trade.token}))
            await _heard(
                socket, f"SUBSCRIBED for {trade.token}", type="SUBSCRIBED", token=trade.token
            )
        for trade in trades:
            started = time.monotonic()
            answer = await http.post(
                endpoints.webhook_url,
                json=trade.body,
                headers={"Authorization": f"Bearer {endpoints.webhook_key}", **trade.headers},
            )
            if not answer.is_success:
                raise LocalError(
                    f"POST {endpoints.webhook_url} answered {answer.status_code}: {answer.text}\n"
                    "See .local/ministack.log, or start over: make reset up"
                )
            update = await _heard(
                socket, f"the {trade.title}'s update", txSignature=trade.signature
            )
            elapsed_ms = (time.monotonic() - started) * 1000
            console.print(
                f"{trade.title}: {json.dumps(update)}\n  {elapsed_ms:.0f} ms from POST to client",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )


async def _heard(socket: ClientConnection, what: str, **fields: str) -> dict[str, object]:
    """Return the first message whose `fields` match; others, as the newest price, are passed over."""
    last = "nothing"
    try:
        async with asyncio.timeout(FRAME_SECONDS):
            async for message in _messages(socket):
                if fields.items() <= message.items():
                    return message
                last = json.dumps(message)
    except TimeoutError:
        pass
    raise LocalError(
        f"The WebSocket client did not hear {what} within {FRAME_SECONDS} s; last heard: {last}.\n"
        "See .local/ministack.log, or start over: make reset up"
    )


async def _messages(socket: ClientConnection) -> AsyncIterator[dict[str, object]]:
    async for frame in socket:
        message = cast("dict[str, object]", json.loads(frame))
        if message.get("type") == "PRICE_BATCH":
            for update in cast("list[dict[str, object]]", message["updates"]):
                yield update
        else:
            yield message


def how_to_go_on(endpoints: Endpoints) -> str:
    """Return the URLs and commands that work as they stand, in this folder."""
    subscribe = json.dumps({"action": "subscribePrice", "token": SIMPLE_TOKEN})
    read_key = 'import json,sys; print(json.load(sys.stdin)["LocalWebhookKey"])'
    body = (
        """{"type":"SWAP","txSignature":"try'$(date +%s)'","slot":250000000,"""
        """"timestamp":'$(date +%s)',"accounts":["""
        """{"address":"vault_sol","nativeBalanceChange":-2500000000},"""
        """{"address":"user","nativeBalanceChange":1000}]}"""
    )
    return f"""
REST       {endpoints.rest_url}
WebSocket  {endpoints.websocket_url}

Listen, in one terminal:
  npx --yes wscat -c {endpoints.websocket_url} -w 600 -x '{subscribe}'
Send, in another:
  KEY=$(make -s outputs | python3 -c '{read_key}')
  curl -sS {endpoints.webhook_url} -H "Authorization: Bearer $KEY" -H 'x-token: {SIMPLE_TOKEN}' -d '{body}'
Read:
  curl -sS {endpoints.rest_url}/tokens/{SIMPLE_TOKEN}/price
"""
