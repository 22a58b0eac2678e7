"""Prints the live prices of a token: .venv/bin/python -m examples.follow DEMO_TOKEN.

The variable RestApiUrl names the stack.
"""

import asyncio
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime

from client import State, subscribe


async def follow(token: str) -> None:
    api = os.environ["RestApiUrl"]
    async with subscribe(token, api=api, on_state=show_state) as prices:
        async for price in prices:
            moment = datetime.fromtimestamp(price.update.timestamp, UTC)
            print(moment.isoformat(), price.update.price, "SOL", flush=True)


def show_state(state: State) -> None:
    print(state.state, state.path or "", state.reason or "", file=sys.stderr)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(follow(*sys.argv[1:] or ["DEMO_TOKEN"]))
