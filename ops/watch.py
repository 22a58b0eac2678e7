"""`watch`: what a client of a deployed stack sees."""

import asyncio
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Annotated

import httpx
import typer

from client import Price, Refused, State
from client.rest import TIMEOUT_SECONDS
from ops.deployed import DeployedStack, StackOption
from ops.errors import OpsError
from ops.listening import subscribed


def watch(
    token: Annotated[str, typer.Argument(help="The token as it is on the wire: a mint, mostly.")],
    stack: StackOption = "local",
    region: Annotated[
        str | None, typer.Option("--region", help="Ask for the path of this AWS region's clients.")
    ] = None,
    prices: Annotated[
        int | None, typer.Option("--count", min=1, help="End after so many prices.")
    ] = None,
    origin: Annotated[
        str | None, typer.Option("--origin", help="Header Origin, where requireOrigin is on.")
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each price as a JSON object on a line.")
    ] = False,
) -> None:
    """Follow the live prices of a token, one line each, until Ctrl-C.

    Where listeners need an access token (`ops token` makes one), it is read from GLOW_ACCESS_TOKEN.
    """
    show = as_json_line if as_json else as_line
    api = DeployedStack.named(stack).text("RestApiUrl")
    with suppress(KeyboardInterrupt):
        asyncio.run(follow(token, api, show, region=region, origin=origin, prices=prices))


Show = Callable[[Price, str | None], str]
"""The line of a price that came on a path."""


async def follow(
    token: str, api: str, show: Show, *, region: str | None, origin: str | None, prices: int | None
) -> None:
    """Print up to `prices` prices, and each state of the connection. Raises OpsError."""
    numbers = count(1)
    try:
        async with (
            httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as http,
            subscribed(
                token,
                http,
                api,
                origin=origin,
                access_token=os.environ.get("GLOW_ACCESS_TOKEN"),
                region=region,
                on_state=_say_state,
            ) as subscription,
        ):
            async for price in subscription:
                typer.echo(show(price, subscription.state.path))
                if next(numbers) == prices:
                    break
    except (Refused, ValueError) as refusal:
        raise OpsError(
            f"{refusal}\nSee what the stack streams: glow:tokens in its config."
        ) from None


def as_json_line(price: Price, path: str | None) -> str:
    """For scripts: the price in SOL, `timestamp` in Unix seconds."""
    update = price.update
    told = {
        "token": update.token,
        "price": float(update.price),
        "timestamp": update.timestamp,
        "id": update.id,
        "path": path,
        "isLate": price.is_late,
    }
    return json.dumps(told)


def as_line(price: Price, path: str | None) -> str:
    """Time of the trade, price in SOL, path and age. Trades carry whole seconds, so the age is rough."""
    update, now = price.update, time.time()
    moment = datetime.fromtimestamp(update.timestamp, UTC).strftime("%H:%M:%S")
    late = "  late" if price.is_late else ""
    return f"{moment}  {update.price:f}  {path}  {max(0.0, now - update.timestamp):.1f} s{late}"


def _say_state(state: State) -> None:
    """To stderr, so that the prices can be piped. Why it is over is said by the error, once."""
    reason = "" if state.state == "closed" else state.reason
    said = " · ".join(part for part in (state.state, state.path, reason) if part)
    typer.secho(said, fg="cyan", err=True)
