"""What a user of a deployed stack does: send trades, listen, read. No part of glow is used.

Every answer and every message is held against the API descriptions in docs/.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from itertools import count
from threading import Event
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.api.descriptions import (
    REST,
    Channel,
    assert_answer_is_described,
    assert_message_is_described,
)

DEADLINE_SECONDS = 60
HELIUS_RETRIES: Final = 3
CLOSE_SECONDS: Final = 90  # from the end of an `up`: a grace, and what the emulator takes besides

POLL: Final = Event()  # never set: its wait is a pause between two looks

Message = dict[str, Any]
Seen = TypeVar("Seen")

_numbers = count(1)


def a_trade(
    *, token_units: int = 1_000, lamports: int = 2_500_000_000, timestamp: int | None = None
) -> Message:
    """A simple-form trade that no other call made; 0.0025 SOL per token unless told otherwise."""
    number = next(_numbers)
    return {
        "type": "SWAP",
        "accounts": [
            {"address": "vault_sol", "nativeBalanceChange": -lamports},
            {"address": "user", "nativeBalanceChange": token_units},
        ],
        "txSignature": f"T{time.time_ns()}x{number}"[:88],
        "slot": 250_000_000 + number,
        "timestamp": int(time.time()) if timestamp is None else timestamp,
    }


@dataclass(frozen=True)
class Wire:
    """The addresses of a stack and the key of its webhook."""

    rest_url: str
    websocket_url: str
    key: str

    def post(
        self, body: object, *, token: str | None = None, key: str | None = None
    ) -> httpx.Response:
        """Post to the webhook; text and bytes go as they are, an empty `key` leaves the header out."""
        secret = self.key if key is None else key
        headers = {"authorization": f"Bearer {secret}"} if secret else {}
        headers |= {"x-token": token} if token is not None else {}
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        return self._call("POST", "/webhook/price", content=content, headers=headers)

    def send(self, trade: Message, *, token: str) -> Message:
        """Post a simple trade that must be accepted; the webhook's answer.

        A 503 says that a busy machine had no time: it is sent again, as Helius does.
        """
        response = self.post(trade, token=token)
        for _ in range(HELIUS_RETRIES):
            if response.status_code == 503:
                response = self.post(trade, token=token)
        assert response.status_code == 200, response.text
        return response.json()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self._call("GET", path, headers=headers)

    def _call(self, method: str, path: str, **request: Any) -> httpx.Response:
        response = httpx.request(method, f"{self.rest_url}{path}", timeout=60, **request)
        assert_answer_is_described(REST, response, path)
        return response


class Listener:
    """A WebSocket client that keeps every message in order."""

    def __init__(self, connection: ClientConnection, channel: Channel) -> None:
        self._connection = connection
        self._channel: Final = channel
        self.messages: list[Message] = []

    @property
    def updates(self) -> list[Message]:
        """Every update heard, also those in batches, in order."""
        heard: list[Message] = []
        for message in self.messages:
            if message["type"] == "PRICE_UPDATE":
                heard.append(message)
            elif message["type"] == "PRICE_BATCH":
                heard.extend(message["updates"])
        return heard

    def signatures(self) -> list[str]:
        return [update["txSignature"] for update in self.updates]

    async def say(self, message: object) -> None:
        await self._connection.send(message if isinstance(message, str) else json.dumps(message))

    async def subscribe(self, token: str, **options: str) -> None:
        """Subscribe to `token` on AWS, and hear that confirmed."""
        await self.say({"action": "subscribePrice", "token": token, **options})
        confirmed = {"type": "SUBSCRIBED", "token": token}
        await self.hear(lambda heard: confirmed in heard.messages, f"{confirmed}")

    async def hear(self, wanted: Callable[[Self], bool], what: str) -> None:
        """Read until `wanted(self)`; fails after DEADLINE_SECONDS with what came instead."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not wanted(self):
            try:
                left = max(0.0, deadline - time.monotonic())
                text = await _before(left, self._connection)
            except (TimeoutError, ConnectionClosed) as error:
                raise AssertionError(f"waited for {what}, heard {self.messages}") from error
            message = json.loads(text)
            assert_message_is_described(self._channel, message)
            self.messages.append(message)

    async def hear_type(self, kind: str) -> Message:
        """Read until a message of this type came; that message."""
        await self.hear(lambda heard: any(m["type"] == kind for m in heard.messages), kind)
        return next(m for m in self.messages if m["type"] == kind)

    async def hear_close(self) -> int | None:
        """Read until the other side closes; its code, None if it gave none."""
        with suppress(ConnectionClosed):
            while True:
                text = await _before(CLOSE_SECONDS, self._connection)
                self.messages.append(json.loads(text))
        return self._connection.close_code

    async def hear_trade(self, trade: Message) -> Message:
        """Read until this trade's update came; that update."""
        signature = trade["txSignature"]
        await self.hear(lambda heard: signature in heard.signatures(), f"trade {signature}")
        return next(u for u in self.updates if u["txSignature"] == signature)


async def _before(seconds: float, connection: ClientConnection) -> str | bytes:
    async with asyncio.timeout(seconds):
        return await connection.recv()


class Listeners(AsyncExitStack):
    """Opens listeners and closes them all at the end."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    async def open(self, **headers: str) -> Listener:
        """A connection that has subscribed to nothing yet."""
        return await self._open(self._wire.websocket_url, "live", headers)

    async def at_edge(self, edge_url: str, token: str, **options: str) -> Listener:
        """A connection to the token's room at the edge, greeted by it."""
        url = f"{edge_url.replace('http', 'ws', 1)}/ws/{token}?{urlencode(options)}"
        listener = await self._open(url, "room", {})
        await listener.hear_type("connected")
        return listener

    async def subscribed(self, token: str, **options: str) -> Listener:
        """A connection whose subscription to `token` has been confirmed."""
        listener = await self.open()
        await listener.subscribe(token, **options)
        return listener

    async def _open(self, url: str, channel: Channel, headers: dict[str, str]) -> Listener:
        # Without max_queue=None, a client that a test does not read from (while a stack is being
        # deployed) stops reading after 16 frames, sees no pong for 40 s and closes its connection.
        opening = connect(url, additional_headers=headers, open_timeout=60, max_queue=None)
        return Listener(await self.enter_async_context(opening), channel)


def wait_for(
    look: Callable[[], Seen],
    accept: Callable[[Seen], bool],
    what: str,
    *,
    seconds: float = DEADLINE_SECONDS,
) -> Seen:
    """Look until `accept` takes what is seen; fails after `seconds` with the last sight."""
    deadline = time.monotonic() + seconds
    while not accept(seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited for {what}; last seen: {seen}")
        POLL.wait(0.1)
    return seen
