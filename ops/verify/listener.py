"""A raw client of the reserved token: the library would hide what `verify` has to see."""

from __future__ import annotations

import asyncio
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
        """The next message. Raises ConnectionClosed, and RefusedHereError for what is none."""
        try:
            said: object = json.loads(await self._connection.recv())
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise RefusedHereError("what it says is no message")
        return cast("Message", said)

    async def say(self, message: Message) -> None:
        await self._connection.send(json.dumps(message))

    async def hear_type(self, kind: str) -> Message:
        """The next message of type `kind`. Raises RefusedHereError if an error comes before it."""
        while (message := await self.hear()).get("type") != kind:
            if message.get("type") == "ERROR":
                raise RefusedHereError(f"{message.get('code')}: {message.get('message')}")
            if "type" not in message:
                # API Gateway's own answer, where the function failed, took too long or was throttled.
                raise RefusedHereError(str(message.get("message")))
        return message

    async def hear_trade(self, signature: str) -> None:
        """Return when the update of that trade has come."""
        while not any(each.get("txSignature") == signature for each in _updates(await self.hear())):
            pass


class RefusedHereError(Exception):
    """The path let the socket in, and then did not subscribe it."""


@asynccontextmanager
async def listening(
    target: Target, path: Path, *, greeted_within_seconds: float
) -> AsyncGenerator[Listener]:
    """A listener that `path` has greeted. Raises what websockets does, TimeoutError, RefusedHereError."""
    async with opened(target, path, target.sends_origin) as listener:
        async with asyncio.timeout(greeted_within_seconds):
            await _greeted(listener, target, path)
        yield listener


async def _greeted(listener: Listener, target: Target, path: Path) -> None:
    if path == "edge":
        listener.colo = str((await listener.hear_type("connected")).get("colo") or "")
        return
    if target.config.access_token is not None:
        await listener.say({"action": "authorize", "token": target.config.access_token})
        await listener.hear_type("AUTHORIZED")
    await listener.say({"action": "subscribePrice", "token": PROBE_TOKEN})
    await listener.hear_type("SUBSCRIBED")


@asynccontextmanager
async def opened(target: Target, path: Path, origin: str) -> AsyncGenerator[Listener]:
    """A socket that was let in, not yet greeted."""
    headers = {"origin": origin}
    url = target.socket_url(path)
    async with connect(url, additional_headers=headers, open_timeout=_OPEN_SECONDS) as connection:
        yield Listener(connection)


def _updates(message: Message) -> list[Message]:
    if message.get("type") == "PRICE_BATCH":
        return cast("list[Message]", message["updates"])
    return [message]
