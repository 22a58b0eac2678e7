"""A steady stream of trades, sent as Helius does: a trade that is not accepted is sent again."""

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import httpx

from tests.local.wire import Message, Wire, a_trade

SENDERS: Final = 3
PAUSE_SECONDS: Final = 0.1
"""Of each sender after each trade: the emulator and its clients share one small machine."""
PATIENCE_SECONDS: Final = 60
HELIUS_REPEATS: Final = 3
HELIUS_PAUSE_SECONDS: Final = 1.0
"""It sends a trade again so often, after so long, and then gives it up."""


class Webhook:
    """Sends trades. `taken` are the signatures by token, in the order of the answers; `mended` says
    what the webhook answered to those that had to be sent again, by signature."""

    def __init__(self, http: httpx.AsyncClient, wire: Wire) -> None:
        self._http = http
        self._wire = wire
        self.taken: defaultdict[str, list[str]] = defaultdict(list)
        self.mended: defaultdict[str, list[str]] = defaultdict(list)

    async def send(self, token: str) -> str:
        """Send a trade of `token` until it is taken; its signature."""
        trade = a_trade()
        signature = str(trade["txSignature"])
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (failure := await self._post(trade, token)) is not None:
            self.mended[signature].append(failure)
            assert time.monotonic() < deadline, f"{signature} is not taken: {self.mended}"
            await asyncio.sleep(HELIUS_PAUSE_SECONDS)
        self.taken[token].append(signature)
        return signature

    async def _post(self, trade: Message, token: str) -> str | None:
        """Send `trade` once; why it must be sent again."""
        headers = {"authorization": f"Bearer {self._wire.key}", "x-token": token}
        url = f"{self._wire.rest_url}/webhook/price"
        try:
            answer = await self._http.post(url, json=trade, headers=headers)
        except httpx.TransportError as error:
            return repr(error)
        assert answer.status_code == 200 or answer.status_code >= 500, answer.text
        return None if answer.status_code == 200 else f"{answer.status_code} {answer.text}"


@asynccontextmanager
async def webhook(wire: Wire) -> AsyncGenerator[Webhook]:
    async with httpx.AsyncClient(timeout=30) as http:
        yield Webhook(http, wire)


@asynccontextmanager
async def trading(
    wire: Wire, tokens: Sequence[str], *, pause_seconds: float = PAUSE_SECONDS
) -> AsyncGenerator[Webhook]:
    """Send trades of `tokens`, turn by turn, as long as the block lasts."""
    turns = itertools.cycle(tokens)
    is_over = asyncio.Event()
    async with webhook(wire) as sent:
        senders = [
            asyncio.create_task(_send(sent, turns, is_over, pause_seconds)) for _ in range(SENDERS)
        ]
        try:
            yield sent
        finally:
            is_over.set()
            await asyncio.gather(*senders)


async def _send(
    sent: Webhook, turns: Iterator[str], is_over: asyncio.Event, pause_seconds: float
) -> None:
    while not is_over.is_set():
        await sent.send(next(turns))
        await asyncio.sleep(pause_seconds)
