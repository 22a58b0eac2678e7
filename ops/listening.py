"""A client of the library for the commands: it says whose page it is, which a browser does by itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial

import httpx

from client import State, Subscription
from client.host import Host
from client.options import MAX_FILL
from client.socket import open_socket


@asynccontextmanager
async def subscribed(
    token: str,
    http: httpx.AsyncClient,
    api: str,
    *,
    origin: str | None,
    access_token: str | None,
    region: str | None = None,
    on_state: Callable[[State], None],
) -> AsyncGenerator[Subscription]:
    """The prices of `token` from the stack at `api`, while the block runs. `origin` is let in where
    `requireOrigin` is on, `access_token` where listeners need one."""
    subscription = Subscription(
        token,
        http,
        api,
        region=region,
        get_token=None if access_token is None else lambda: access_token,
        delivery="all",
        max_fill=MAX_FILL,
        on_state=on_state,
        host=Host(open_socket=partial(open_socket, origin=origin)),
    )
    try:
        yield subscription
    finally:
        await subscription.close()
