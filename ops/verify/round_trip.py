"""Trades of the reserved token, from the webhook to a client of each path."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httpx
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from functions.glow.paths import PATHS, Path
from ops.verify.config import Config
from ops.verify.finding import Finding, failed, skipped, well
from ops.verify.latency import Place, judge
from ops.verify.listener import Listener, RefusedHereError, listening
from ops.verify.sender import Sender, a_trade
from ops.verify.target import Target

# The first trade may meet cold functions, and a room that reads what it has missed.
_HEARD_WITHIN_SECONDS: Final = 30
TRADES: Final = 20
_HANDSHAKES: Final = 3
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many trades are measured, and the limit of half of them by path."""

    trades: int
    limits_ms: Mapping[Path, int]
    heard_within_seconds: float = _HEARD_WITHIN_SECONDS


def usual(config: Config) -> Plan:
    """What is measured after each `up`, by the limits of `config`."""
    return Plan(trades=TRADES, limits_ms=config.limits_ms)


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """What was found, and how many trades the webhook `accepted`."""

    findings: Sequence[Finding]
    accepted: int


async def check_round_trip(target: Target, plan: Plan) -> RoundTrip:
    """One trade must come at all; then `plan.trades` more are measured, one after another."""
    on: list[Path] = [path for path in PATHS if path in target.paths]
    if not target.config.listens:
        why = "only the app's back end can make an access token (docs/listeners.md)"
        return RoundTrip([skipped(f"webhook → {path} client", why) for path in on], 0)
    async with AsyncExitStack() as sockets, httpx.AsyncClient(timeout=10) as http:
        listeners: dict[Path, Listener] = {}
        found: list[Finding] = []
        for path in on:
            try:
                listeners[path] = await sockets.enter_async_context(
                    listening(target, path, greeted_within_seconds=plan.heard_within_seconds)
                )
            except (OSError, WebSocketException, RefusedHereError) as error:
                found.append(_not_connected(path, error, target))
        trip = _Trip(target, http, listeners, plan.heard_within_seconds)
        found += await trip.first()
        if trip.listeners:
            found += await trip.measure(plan)
        return RoundTrip(found, trip.accepted)


class _Trip:
    """A path that does not deliver is not waited for again."""

    def __init__(
        self,
        target: Target,
        http: httpx.AsyncClient,
        listeners: Mapping[Path, Listener],
        heard_within_seconds: float,
    ) -> None:
        self._target = target
        self._sender = Sender(target, http)
        self._heard_within_seconds = heard_within_seconds
        self.listeners = dict(listeners)

    @property
    def accepted(self) -> int:
        return self._sender.accepted

    async def first(self) -> list[Finding]:
        answer, times = await self._send()
        if answer is not None:
            self.listeners.clear()
            return [_not_accepted(answer, self._target)]
        found: list[Finding] = []
        waited: list[Path] = [*self.listeners]
        for path in waited:
            name = f"webhook → {path} client"
            if path in times:
                found.append(well(name, f"the first trade came after {times[path]:.0f} ms"))
            else:
                del self.listeners[path]
                found.append(_not_delivered(name, path, self._target))
        return found

    async def measure(self, plan: Plan) -> list[Finding]:
        away_ms = await self._away_ms()
        measured: dict[Path, list[float]] = {path: [] for path in self.listeners}
        for _ in range(plan.trades):
            answer, times = await self._send()
            if answer is not None:
                return [_not_accepted(answer, self._target)]
            for path, heard_ms in times.items():
                measured[path].append(heard_ms)
        found: list[Finding] = []
        for path, times_ms in measured.items():
            if len(times_ms) < plan.trades:
                name = f"webhook → {path} client, again"
                found.append(_not_delivered(name, path, self._target))
            else:
                colo = self.listeners[path].colo
                place = Place(away_ms=away_ms, colo=colo, rooms=self._target.rooms)
                found.append(judge(path, times_ms, plan.limits_ms[path], place))
        return found

    async def _send(self) -> tuple[str | None, dict[Path, float]]:
        """What the webhook said if it did not accept the trade, and after how many ms who heard it."""
        trade = a_trade()
        signature = str(trade["txSignature"])
        began = time.perf_counter()
        waiting: dict[Path, asyncio.Task[float | None]] = {
            path: asyncio.create_task(self._heard_at(listener, signature))
            for path, listener in self.listeners.items()
        }
        try:
            answer = await self._sender.send(trade)
            if answer is not None:
                return answer, {}
            heard: dict[Path, float | None] = {path: await waiting[path] for path in self.listeners}
        finally:
            for task in waiting.values():
                task.cancel()
        times: dict[Path, float] = {
            path: (at - began) * 1_000 for path, at in heard.items() if at is not None
        }
        return None, times

    async def _heard_at(self, listener: Listener, signature: str) -> float | None:
        try:
            async with asyncio.timeout(self._heard_within_seconds):
                await listener.hear_trade(signature)
        except (TimeoutError, ConnectionClosed, RefusedHereError):
            return None
        return time.perf_counter()

    async def _away_ms(self) -> float:
        """The network's round trip from here to the webhook: the quickest of three TCP handshakes."""
        url = urlsplit(self._target.webhook_url)
        port = url.port or _PORTS[url.scheme]
        times: list[float] = []
        for _ in range(_HANDSHAKES):
            began = time.perf_counter()
            _, writer = await asyncio.open_connection(url.hostname, port)
            times.append((time.perf_counter() - began) * 1_000)
            writer.close()
        return min(times)


def _not_connected(path: Path, error: Exception, target: Target) -> Finding:
    name = f"webhook → {path} client"
    is_told = isinstance(error, RefusedHereError | InvalidStatus)
    # Others may hold the URL, and so the pass.
    seen = f"no client can listen: {error if is_told else type(error).__name__}"
    if path == "aws" and isinstance(error, RefusedHereError | TimeoutError):
        return failed(
            name,
            seen,
            cause="PriceConnections refuses the subscription, fails, is slow, or is throttled",
            remedy=target.logs("connections"),
        )
    return failed(
        name,
        seen,
        cause="a client of this path is refused; see the lines on health and Origin",
        remedy=target.up,
    )


def _not_accepted(answer: str, target: Target) -> Finding:
    return failed(
        "webhook → clients",
        f"the webhook answers {answer}",
        cause="a trade cannot be stored or published: a table or a queue is missing, or a secret is wrong",
        remedy=target.logs("webhook"),
    )


def _not_delivered(name: str, path: Path, target: Target) -> Finding:
    if path == "edge":
        return failed(
            name,
            "accepted but not delivered",
            cause="the webhook's EDGE_BROADCAST_URL or EDGE_BROADCAST_SECRET is not the Worker's (401 from"
            " the edge in its log), or the edge does not answer it in time",
            remedy=f"{target.logs('webhook')} --filter-pattern edge; then {target.up}",
        )
    return failed(
        name,
        "accepted but not delivered",
        cause="the queue's mapping to BroadcastWorker is off, or the function fails",
        remedy=target.logs("broadcast"),
    )
