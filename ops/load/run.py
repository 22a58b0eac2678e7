"""Opens the clients, sends the trades, waits until all are heard or the time is over."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence, Set
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

import httpx

from client import ClientError, State, Subscription
from functions.glow.paths import PATHS, Path
from functions.glow.token import PROBE_TOKEN
from ops.errors import OpsError
from ops.listening import subscribed
from ops.load.tally import PathTally, Sent, tally_of
from ops.verify.sender import Sender, a_trade
from ops.verify.target import Target
from workspace.helius import PAUSE_SECONDS, RETRIES

# API Gateway's account takes 500 connects a second, and a room reads what it has missed.
_LIVE_WITHIN_SECONDS: Final = 60
_HEARD_WITHIN_SECONDS: Final = 30
# Of many posts at once the last one waits. Helius's second is what `replay` keeps.
_ANSWER_SECONDS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`clients` on each path of `paths`; `trades` in all, `per_second` of them."""

    clients: int
    per_second: float
    trades: int
    paths: Sequence[Path]
    heard_within_seconds: float = _HEARD_WITHIN_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A tally for each path, and what the webhook said of trades that it did not take."""

    paths: Sequence[PathTally]
    refusals: Sequence[str]

    @property
    def is_whole(self) -> bool:
        return not self.refusals and all(each.lost == 0 for each in self.paths)


class LoadClient:
    """A client of the library that keeps what it hears."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: defaultdict[str, list[float]] = defaultdict(list)
        self.state = State("connecting", None, "")
        self.news = asyncio.Event()

    def note(self, state: State) -> None:
        self.state = state
        self.news.set()

    async def read(self, prices: Subscription) -> None:
        try:
            async for price in prices:
                self.heard[price.update.tx_signature or ""].append(time.perf_counter())
                self.news.set()
        except ClientError as error:
            self.note(State("closed", self.path, str(error)))

    async def be_live(self) -> None:
        """Return when its path serves it. Raises OpsError if the stack refuses it."""
        while self.state.state != "live" or self.state.path != self.path:
            if self.state.state == "closed":
                raise OpsError(f"A client of {self.path} was refused: {self.state.reason}")
            self.news.clear()
            await self.news.wait()

    async def hear(self, signatures: Set[str]) -> None:
        """Return when all those trades have come."""
        while not signatures <= self.heard.keys():
            self.news.clear()
            await self.news.wait()


def paths_to_load(target: Target, wanted: Path | None) -> list[Path]:
    """Those that are on, or the one that is wanted. Raises OpsError if that is off."""
    on: list[Path] = [path for path in PATHS if path in target.paths]
    if wanted is None:
        return on
    if wanted not in on:
        raise OpsError(f"Path {wanted} is off on stack {target.name}: only {', '.join(on)} is on.")
    return [wanted]


async def run_load(target: Target, plan: Plan, *, note: Callable[[str], None]) -> Outcome:
    """`note` hears what was done: `live` of a client, `sent` of a trade. Raises OpsError."""
    async with (
        AsyncExitStack() as opened,
        httpx.AsyncClient(timeout=_ANSWER_SECONDS) as http,
    ):
        clients: list[LoadClient] = []
        for path in plan.paths:
            api = await opened.enter_async_context(_on_path(path))
            clients += [
                await opened.enter_async_context(_listening(target, api, path))
                for _ in range(plan.clients)
            ]
        await _all_live(clients, note)
        sent = await _send_all(Sender(target, http), plan, note)
        await _all_heard(clients, sent, plan.heard_within_seconds)
        return Outcome(
            paths=[
                tally_of(path, sent, [each.heard for each in clients if each.path == path])
                for path in plan.paths
            ],
            refusals=[trade.refusal for trade in sent if trade.refusal is not None],
        )


@asynccontextmanager
async def _on_path(path: Path) -> AsyncGenerator[httpx.AsyncClient]:
    """Reads of the REST API for the library. As of a client that cannot reach the other path: the stack
    then tells it to use this one, if that is on."""
    (other,) = (each for each in PATHS if each != path)

    async def avoid_other(request: httpx.Request) -> None:
        if "/connect/" in request.url.path:
            request.url = request.url.copy_merge_params({"avoid": other})

    hooks: Mapping[str, list[Callable[[httpx.Request], object]]] = {"request": [avoid_other]}
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(timeout=_ANSWER_SECONDS, event_hooks=hooks, limits=limits) as http:
        yield http


@asynccontextmanager
async def _listening(
    target: Target, http: httpx.AsyncClient, path: Path
) -> AsyncGenerator[LoadClient]:
    client = LoadClient(path)
    async with subscribed(
        PROBE_TOKEN,
        http,
        target.rest_url,
        origin=target.sends_origin,
        access_token=target.config.access_token,
        on_state=client.note,
    ) as prices:
        reading = asyncio.create_task(client.read(prices))
        try:
            yield client
        finally:
            reading.cancel()


async def _all_live(clients: Sequence[LoadClient], note: Callable[[str], None]) -> None:
    async def wait(client: LoadClient) -> None:
        await client.be_live()
        note("live")

    try:
        async with asyncio.timeout(_LIVE_WITHIN_SECONDS):
            await asyncio.gather(*(wait(client) for client in clients))
    except TimeoutError:
        away = [client for client in clients if client.state.state != "live"]
        last = (away or clients)[0].state
        raise OpsError(
            f"{len(away)} of {len(clients)} clients were not live within {_LIVE_WITHIN_SECONDS} s;"
            f" the first is {last.state} on {last.path}: {last.reason}\n"
            "Likely causes: a room takes a quarter of edge.maxConnectionsPerRoom from one address, and"
            " edge.connectsPerMinute; or the path does not work: python -m ops verify"
        ) from None


async def _send_all(sender: Sender, plan: Plan, note: Callable[[str], None]) -> list[Sent]:
    began = time.perf_counter()

    async def send(index: int) -> Sent:
        await asyncio.sleep(max(0.0, began + index / plan.per_second - time.perf_counter()))
        trade = a_trade("load")
        at = time.perf_counter()
        refusal = await sender.send(trade)
        for _ in range(RETRIES):
            if refusal is None:
                break
            await asyncio.sleep(PAUSE_SECONDS)
            refusal = await sender.send(trade)
        note("sent")
        return Sent(signature=str(trade["txSignature"]), at=at, refusal=refusal)

    return await asyncio.gather(*(send(index) for index in range(plan.trades)))


async def _all_heard(
    clients: Sequence[LoadClient], sent: Sequence[Sent], within_seconds: float
) -> None:
    """Wait until every client has heard every accepted trade, or the time is over."""
    wanted = {trade.signature for trade in sent if trade.refusal is None}
    with suppress(TimeoutError):
        async with asyncio.timeout(within_seconds):
            await asyncio.gather(*(client.hear(wanted) for client in clients))
