"""Apps that use the client library, what they received, and what the library promises them."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from client import Price, State, Subscription, connect, subscribe
from client.paths import Delivery
from client.update import place_of

PATIENCE_SECONDS: Final = 90


class App:
    """Follows one token; `prices` are all that it was handed, in order, `states` what it was told."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.prices: list[Price] = []
        self.states: list[State] = []
        self._news = asyncio.Event()

    def __repr__(self) -> str:
        told = [f"{state.state} {state.path} {state.reason}" for state in self.states[-8:]]
        return f"app of {self.token}, {len(self.prices)} prices, lately {told}"

    @property
    def path(self) -> str | None:
        """The path that serves it; None while none does."""
        if not self.states or self.states[-1].state not in ("live", "moving"):
            return None
        return next(state.path for state in reversed(self.states) if state.state == "live")

    @property
    def is_served(self) -> bool:
        """Whether prices come, if only by polling."""
        return bool(self.states) and self.states[-1].state in ("live", "moving", "polling")

    @property
    def signatures(self) -> list[str | None]:
        return [price.update.tx_signature for price in self.prices]

    def note(self, state: State) -> None:
        """Take in what the library says of its connection."""
        self.states.append(state)
        self._news.set()

    def take(self, price: Price) -> None:
        self.prices.append(price)
        self._news.set()

    async def read(self, prices: Subscription) -> None:
        """Keep each price, until `prices` end."""
        async for price in prices:
            self.take(price)

    async def wait_for(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait until `is_so`; fails after PATIENCE_SECONDS."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            self._news.clear()
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    await self._news.wait()
            except TimeoutError:
                raise AssertionError(f"waited for {what}: {self}") from None

    async def wait_for_path(self, path: str) -> None:
        await self.wait_for(lambda: self.path == path, f"its move to {path}")

    async def hear_all(self, signatures: Iterable[str]) -> None:
        """Wait until it was handed each of these trades."""
        wanted = set(signatures)

        def missing() -> set[str]:
            return wanted.difference(filter(None, self.signatures))

        try:
            await self.wait_for(lambda: not missing(), "trades")
        except AssertionError as error:
            raise AssertionError(f"{error}; missing {sorted(missing())}") from None


@asynccontextmanager
async def following(
    token: str, *, api: str, region: str | None = None, delivery: Delivery = "all"
) -> AsyncGenerator[App]:
    """An app whose subscription is served."""
    app = App(token)
    opening = subscribe(token, api=api, region=region, delivery=delivery, on_state=app.note)
    async with opening as prices:
        reader = asyncio.create_task(app.read(prices))
        try:
            await app.wait_for(lambda: app.is_served, "a connection")
            yield app
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)


@asynccontextmanager
async def watching(
    tokens: Sequence[str], *, api: str, region: str | None = None
) -> AsyncGenerator[list[App]]:
    """Apps of several tokens on one feed, which is served."""
    apps = [App(token) for token in tokens]
    async with connect(api=api, region=region) as feed:
        for app in apps:
            feed.subscribe(app.token, on_price=app.take, on_state=app.note)
        for app in apps:
            await app.wait_for(lambda app=app: app.is_served, "a connection")
        yield apps


@asynccontextmanager
async def crowd(
    tokens: Sequence[str], *, api: str, apps_per_token: int = 2
) -> AsyncGenerator[list[App]]:
    """Apps of each token, opened one after the other."""
    async with AsyncExitStack() as opened:
        yield [
            await opened.enter_async_context(following(token, api=api))
            for token in tokens
            for _ in range(apps_per_token)
        ]


def assert_promises_kept(app: App) -> None:
    """Each trade at most once, of this token alone, and none older than one shown before unless it
    is said to be late."""
    assert {price.update.token for price in app.prices} <= {app.token}
    repeated = [signature for signature, n in Counter(app.signatures).items() if n > 1]
    assert not repeated, f"{app} was handed more than once: {repeated}"
    newest = ""
    for price in app.prices:
        place = place_of(price.update.id)
        assert price.is_late == (place < newest), f"{app}: {price} came after {newest}"
        newest = max(newest, place)
