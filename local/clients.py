"""How the demonstrations send trades, and raw WebSocket clients of both paths."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, cast

import httpx
from websockets.asyncio.client import ClientConnection, connect

from local.errors import LocalError
from local.trades import Trade

HEAR_SECONDS: Final = 15
SEND_SECONDS: Final = 30
MAX_TRIES: Final = 4

Message = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Where the stack listens on each path, and the key of its webhook."""

    webhook_url: str
    rest_url: str
    websocket_url: str
    edge_url: str
    webhook_key: str
    helius_url: str
    """Where the local Helius is told to post a trade."""


class RawClient:
    """What a client that speaks the protocol by hand has heard on one path."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.moved_to: str | None = None
        """The path that it was told to move to."""
        self._signatures: set[str] = set()
        self._news = asyncio.Event()

    async def hear(self, trade: Trade) -> None:
        """Wait for the update of `trade`; LocalError after HEAR_SECONDS."""
        try:
            async with asyncio.timeout(HEAR_SECONDS):
                while trade.signature not in self._signatures:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise LocalError(
                f"The {self.path} client did not hear the {trade.title} within {HEAR_SECONDS} s.\n"
                "See .local/ministack.log and .local/cloudflare.log, or start over: make reset up"
            ) from None

    async def read(self, socket: ClientConnection) -> None:
        """Keep each update that comes over `socket`."""
        async for frame in socket:
            message = cast("Message", json.loads(frame))
            if message.get("type") == "MOVED":
                self.moved_to = str(message["path"])
            updates = cast("list[Message]", message.get("updates", [message]))
            self._signatures |= {str(update.get("txSignature")) for update in updates}
            self._news.set()


@asynccontextmanager
async def aws_client(endpoints: Endpoints, token: str) -> AsyncGenerator[RawClient]:
    """A client of API Gateway that has subscribed to `token`."""
    async with connect(endpoints.websocket_url) as socket:
        await socket.send(json.dumps({"action": "subscribePrice", "token": token}))
        await _greeted(socket, "SUBSCRIBED")
        async with _reading(RawClient("aws"), socket) as client:
            yield client


@asynccontextmanager
async def edge_client(endpoints: Endpoints, token: str) -> AsyncGenerator[RawClient]:
    """A client of the token's room at the edge."""
    origin = endpoints.edge_url.replace("http", "ws", 1)
    async with connect(f"{origin}/ws/{token}") as socket:
        await _greeted(socket, "connected")
        async with _reading(RawClient("edge"), socket) as client:
            yield client


class Webhook:
    """Sends trades as Helius does: again, if the answer is not a success."""

    def __init__(self, http: httpx.AsyncClient, endpoints: Endpoints) -> None:
        self._http = http
        self._url = endpoints.webhook_url
        self._authorization = f"Bearer {endpoints.webhook_key}"

    async def send(self, trade: Trade) -> None:
        """Post `trade`, MAX_TRIES times at most; LocalError unless it is accepted."""
        for _ in range(MAX_TRIES - 1):
            if await self._post(trade) is None:
                return
            await asyncio.sleep(1)
        said = await self._post(trade)
        if said is None:
            return
        raise LocalError(
            f"POST {self._url} answered {said}\n"
            "See .local/ministack.log, or start over: make reset up"
        )

    async def _post(self, trade: Trade) -> str | None:
        """None if it was accepted, else the answer or the error."""
        headers = {"Authorization": self._authorization, **trade.headers}
        try:
            answer = await self._http.post(self._url, json=trade.body, headers=headers)
        except httpx.TransportError as error:
            return type(error).__name__
        return None if answer.is_success else f"{answer.status_code}: {answer.text}"


@asynccontextmanager
async def webhook(endpoints: Endpoints) -> AsyncGenerator[Webhook]:
    """The stack's webhook, on connections that are kept."""
    async with httpx.AsyncClient(timeout=SEND_SECONDS) as http:
        yield Webhook(http, endpoints)


@asynccontextmanager
async def _reading(client: RawClient, socket: ClientConnection) -> AsyncGenerator[RawClient]:
    reader = asyncio.create_task(client.read(socket))
    try:
        yield client
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


async def _greeted(socket: ClientConnection, kind: str) -> None:
    """Read up to the message of this type. It says that updates will come from now on."""
    async with asyncio.timeout(HEAR_SECONDS):
        async for frame in socket:
            if json.loads(frame).get("type") == kind:
                return
    raise LocalError(f"The connection was closed before {kind} came. See .local/ministack.log")
