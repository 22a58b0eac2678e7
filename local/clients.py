"""WebSocket clients of both paths, as the demonstrations use them."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final, cast

import httpx
from websockets.asyncio.client import ClientConnection, connect

from local.errors import LocalError
from local.trades import Trade

HEAR_SECONDS: Final = 15

Update = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Where the stack listens on each path, and the key of its webhook."""

    webhook_url: str
    rest_url: str
    websocket_url: str
    edge_url: str
    webhook_key: str


class PathClient:
    """What a client of one path has heard; it is filled while the sockets are open."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.heard: dict[str, Update] = {}
        self._news = asyncio.Event()

    async def hear(self, trade: Trade) -> Update:
        """Wait for the update of `trade`; LocalError after HEAR_SECONDS."""
        try:
            async with asyncio.timeout(HEAR_SECONDS):
                while trade.signature not in self.heard:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise LocalError(
                f"The {self.path} client did not hear the {trade.title} within {HEAR_SECONDS} s.\n"
                "See .local/ministack.log and .local/cloudflare.log, or start over: make reset up"
            ) from None
        return self.heard[trade.signature]

    async def read(self, socket: ClientConnection) -> None:
        """Keep every update that comes over `socket`, alone or in a batch."""
        async for frame in socket:
            message = cast("Update", json.loads(frame))
            updates = cast("list[Update]", message.get("updates", [message]))
            for update in updates:
                if update.get("type") == "PRICE_UPDATE":
                    self.heard[str(update["txSignature"])] = update
            self._news.set()


@asynccontextmanager
async def aws_client(endpoints: Endpoints, tokens: Sequence[str]) -> AsyncGenerator[PathClient]:
    """A client of API Gateway that has subscribed to `tokens`."""
    client = PathClient("aws")
    async with connect(endpoints.websocket_url) as socket:
        for token in tokens:
            await socket.send(json.dumps({"action": "subscribePrice", "token": token}))
            await _greeted(socket, "SUBSCRIBED")
        async with _reading(client, [socket]):
            yield client


@asynccontextmanager
async def edge_client(endpoints: Endpoints, tokens: Sequence[str]) -> AsyncGenerator[PathClient]:
    """A client of the edge: one socket for each token's room."""
    client = PathClient("edge")
    origin = endpoints.edge_url.replace("http", "ws", 1)
    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(connect(f"{origin}/ws/{token}")) for token in tokens
        ]
        for socket in sockets:
            await _greeted(socket, "connected")
        async with _reading(client, sockets):
            yield client


async def send(endpoints: Endpoints, trade: Trade) -> None:
    """Post `trade` to the webhook; LocalError unless it is accepted."""
    async with httpx.AsyncClient(timeout=30) as http:
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


@asynccontextmanager
async def _reading(client: PathClient, sockets: Sequence[ClientConnection]) -> AsyncGenerator[None]:
    readers = [asyncio.create_task(client.read(socket)) for socket in sockets]
    try:
        yield
    finally:
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)


async def _greeted(socket: ClientConnection, kind: str) -> None:
    """Read up to the message of this type, with which the path confirms that it will send."""
    async with asyncio.timeout(HEAR_SECONDS):
        async for frame in socket:
            if json.loads(frame).get("type") == kind:
                return
    raise LocalError(f"The connection was closed before {kind} came. See .local/ministack.log")
