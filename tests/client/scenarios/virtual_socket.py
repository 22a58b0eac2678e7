"""A socket of the virtual stack: the client's end, and the server's in `say` and `end`."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from client.socket import SocketClosed

Message = Mapping[str, Any]
Arrive = Callable[[Callable[[], object]], None]


class VirtualSocket:
    """`arrive` calls what it is given when that has travelled; `hear` is the server's."""

    def __init__(
        self, url: str, arrive: Arrive, hear: Callable[["VirtualSocket", Message], None]
    ) -> None:
        _, first, *second = urlsplit(url).path.split("/")
        self.is_live = first == "live"
        self.path = second[0] if self.is_live else first
        self.token = "" if self.is_live or not second else second[0]
        self.is_open = True
        self.is_cut = False  # half-open: neither end hears the other
        self.served: dict[str, str | None] = {}  # the delivery of each token
        self.shown: str | None = None  # the pass that it was authorized with last
        self._arrive = arrive
        self._hear = hear
        self._inbox: asyncio.Queue[str | SocketClosed] = asyncio.Queue()

    async def send(self, text: str) -> None:
        self._arrive(lambda: self._deliver(json.loads(text)))

    async def receive(self) -> str:
        message = await self._inbox.get()
        if isinstance(message, SocketClosed):
            raise message
        return message

    def abort(self) -> None:
        self.is_open = False

    def say(self, message: Message) -> None:
        if not self.is_cut:
            self._arrive(lambda: self._inbox.put_nowait(json.dumps(message)))

    def say_prices(self, updates: Sequence[dict[str, Any]]) -> None:
        """Say those of its tokens, in as few messages as can be."""
        newest = {update["token"]: update["id"] for update in updates}
        wanted = [
            update
            for update in updates
            if (token := update["token"]) in self.served
            and (self.served[token] != "latest" or update["id"] == newest[token])
        ]
        if len(wanted) == 1:
            self.say(wanted[0])
        elif wanted:
            self.say({"type": "PRICE_BATCH", "updates": wanted})

    def end(self, code: int, reason: str) -> None:
        self.is_open = False
        self._arrive(lambda: self._inbox.put_nowait(SocketClosed(code, reason)))

    def _deliver(self, message: Message) -> None:
        if self.is_open and not self.is_cut:
            self._hear(self, message)
