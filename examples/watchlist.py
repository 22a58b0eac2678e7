"""Prints the live prices of many tokens, on one socket: .venv/bin/python -m examples.watchlist DEMO_TOKEN TEST_TOKEN.

The variable RestApiUrl names the stack.
"""

import asyncio
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime

from client import ClientError, Price, State, connect


async def watch(*tokens: str) -> None:
    api = os.environ["RestApiUrl"]
    async with connect(api=api, on_state=show_state) as feed:
        for token in tokens:
            feed.subscribe(token, on_price=show_price, on_error=show_error)  # the others go on
        await asyncio.Event().wait()


def show_price(price: Price) -> None:
    update = price.update
    moment = datetime.fromtimestamp(update.timestamp, UTC)
    print(moment.isoformat(), update.token, update.price, "SOL", flush=True)


def show_state(state: State) -> None:
    print(state.state, state.path or "", state.reason, file=sys.stderr)


def show_error(error: ClientError) -> None:
    print(error, file=sys.stderr)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(watch(*sys.argv[1:] or ["DEMO_TOKEN"]))
