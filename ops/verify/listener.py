"""A raw client of the reserved token: the library would hide what `verify` has to see."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final, cast

from websockets.asyncio.client import ClientConnection, connect

from functions.glow.paths import Path
from functions.glow.token import PROBE_TOKEN
from ops.verify.target import Target

_OPEN_SECONDS: Final = 20

Message = dict[str, object]


class Listener:
    """Hears the reserved token on one path. `colo` is Cloudflare's data centre, "" on AWS."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.colo = ""

    async def hear(self) -> Message:
        """The next message. Raises ConnectionClosed."""
        return cast("Message", json.loads(await self._connection.recv()))

    async def say(self, message: Message) -> None:
        await self._connection.send(json.dumps(message))

    async def hear_type(self, kind: str) -> Message:
        """The next message of type `kind`. Raises RefusedHereError if an error comes before it."""
        while (message := await self.hear())["type"] != kind:
            if message["type"] == "ERROR":
                raise RefusedHereError(f"{message.get('code')}: {message.get('message')}")
        return message

    async def hear_trade(self, signature: str) -> None:
        """Return when the update of that trade has come."""
        while not any(each.get("txSignature") == signature for each in _updates(await self.hear())):
            pass


class RefusedHereError(Exception):
    """The path let the socket in, and then refused the subscription."""


@asynccontextmanager
async def listening(target: Target, path: Path) -> AsyncGenerator[Listener]:
    """A listener that `path` has greeted. Raises what websockets does, TimeoutError, RefusedHereError."""
    async with opened(target, path, target.sends_origin) as listener:
        if path == "edge":
            listener.colo = str((await listener.hear_type("connected")).get("colo") or "")
        else:
            if target.config.access_token is not None:
                await listener.say({"action": "authorize", "token": target.config.access_token})
                await listener.hear_type("AUTHORIZED")
            await listener.say({"action": "subscribePrice", "token": PROBE_TOKEN})
            await listener.hear_type("SUBSCRIBED")
        yield listener


@asynccontextmanager
async def opened(target: Target, path: Path, origin: str) -> AsyncGenerator[Listener]:
    """A socket that was let in, not yet greeted."""
    headers = {"origin": origin}
    url = target.socket_url(path)
    async with connect(url, additional_headers=headers, open_timeout=_OPEN_SECONDS) as connection:
        yield Listener(connection)


def _updates(message: Message) -> list[Message]:
    if message["type"] == "PRICE_BATCH":
        return cast("list[Message]", message["updates"])
    return [message]
