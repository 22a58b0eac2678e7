"""`watch`: what a client of a deployed stack sees."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Annotated

import typer

from client import Price, Refused, State, subscribe
from ops.deployed import DeployedStack, StackOption
from ops.errors import OpsError


def watch(
    token: Annotated[str, typer.Argument(help="The token as it is on the wire: a mint, mostly.")],
    stack: StackOption = "local",
    region: Annotated[
        str | None, typer.Option("--region", help="Ask for the path of this AWS region's clients.")
    ] = None,
    prices: Annotated[
        int | None, typer.Option("--count", min=1, help="End after so many prices.")
    ] = None,
) -> None:
    """Follow the live prices of a token, one line each, until Ctrl-C."""
    api = DeployedStack.named(stack).text("RestApiUrl")
    with suppress(KeyboardInterrupt):
        asyncio.run(follow(token, api, region=region, prices=prices))


async def follow(token: str, api: str, *, region: str | None, prices: int | None) -> None:
    """Print up to `prices` prices, and each state of the connection. Raises OpsError."""
    numbers = count(1)
    try:
        async with subscribe(token, api=api, region=region, on_state=_say_state) as subscription:
            async for price in subscription:
                typer.echo(_line(price, subscription.state.path, now=time.time()))
                if next(numbers) == prices:
                    break
    except (Refused, ValueError) as refusal:
        raise OpsError(
            f"{refusal}\nSee what the stack streams: glow:tokens in its config."
        ) from None


def _line(price: Price, path: str | None, *, now: float) -> str:
    """Time of the trade, price in SOL, path and age. Trades carry whole seconds, so the age is rough."""
    update = price.update
    moment = datetime.fromtimestamp(update.timestamp, UTC).strftime("%H:%M:%S")
    late = "  late" if price.is_late else ""
    return f"{moment}  {update.price:f}  {path}  {max(0.0, now - update.timestamp):.1f} s{late}"


def _say_state(state: State) -> None:
    """To stderr, so that the prices can be piped. Why it is over is said by the error, once."""
    reason = "" if state.state == "closed" else state.reason
    said = " · ".join(part for part in (state.state, state.path, reason) if part)
    typer.secho(said, fg="cyan", err=True)
