"""The demonstrations' clients. They use the client library, and so connect where the stack says."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from client import Refused, State, Subscription, Update, subscribe
from local.errors import LocalError, NotStreamedError
from local.trades import Trade

HEAR_SECONDS: Final = 60

# The code in the answer to a client of a token that the stack does not stream (docs/openapi.yaml).
UNKNOWN_TOKEN: Final = "UNKNOWN_TOKEN"  # noqa: S105


@dataclass(frozen=True)
class Heard:
    """An update as it came: on which path, and when, in seconds of `time.monotonic`."""

    update: Update
    path: str
    at: float


class Follower:
    """Follows one token. `heard` is by signature; `repeats` counts what came more than once."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.path: str | None = None
        """The path that serves it; None while none does."""
        self.live_at = 0.0
        """When that path began to, in seconds of `time.monotonic`."""
        self.moving_at = 0.0
        """When the client began to look for another one."""
        self.heard: dict[str, Heard] = {}
        self.repeats = 0
        self._refusal: Refused | None = None
        self._news = asyncio.Event()

    def note(self, state: State) -> None:
        """Take in what the library says of its connection."""
        if state.state == "live":
            self.path, self.live_at = state.path, time.monotonic()
        elif state.state == "moving":  # the old connection serves on
            self.moving_at = time.monotonic()
        else:
            self.path = None
        self._news.set()

    async def read(self, prices: Subscription) -> None:
        """Keep each update, until `prices` end."""
        try:
            async for price in prices:
                signature = price.update.tx_signature or price.update.id
                self.repeats += signature in self.heard
                self.heard[signature] = Heard(price.update, self.path or "", time.monotonic())
                self._news.set()
        except Refused as refusal:
            self._refusal = refusal
            self._news.set()

    async def hear(self, trade: Trade) -> Heard:
        """Wait for the update of `trade`; LocalError after HEAR_SECONDS."""
        await self.wait_for(lambda: trade.signature in self.heard, f"the {trade.title}")
        return self.heard[trade.signature]

    async def wait_for(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait until `is_so`; LocalError after HEAR_SECONDS, in which `what` says what was awaited.

        LocalError at once when the stack refuses the client.
        """
        try:
            async with asyncio.timeout(HEAR_SECONDS):
                while not is_so():
                    if self._refusal is not None:
                        raise _explained(self._refusal, self.token)
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise LocalError(
                f"A client of {self.token} (path {self.path}) waited {HEAR_SECONDS} s for {what}.\n"
                "See .local/ministack.log and .local/cloudflare.log, or start over: make reset up"
            ) from None


@asynccontextmanager
async def following(token: str, *, api: str, region: str | None = None) -> AsyncGenerator[Follower]:
    """A client of `token`, once it is connected."""
    follower = Follower(token)
    async with subscribe(token, api=api, region=region, on_state=follower.note) as prices:
        reader = asyncio.create_task(follower.read(prices))
        try:
            await follower.wait_for(lambda: follower.path is not None, "a connection")
            yield follower
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)


def _explained(refusal: Refused, token: str) -> LocalError:
    if UNKNOWN_TOKEN not in str(refusal):
        return LocalError(f"A client of {token} was refused: {refusal}")
    return NotStreamedError(
        f"Stack local does not stream {token}, which the demo trades: its config key glow:tokens is"
        " set, and names others.\n"
        "Let it stream every token: bin/pulumi-local config rm tokens && make up"
    )
