"""A subscription: one connection that serves, and whatever is needed to have the next one."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Self

import httpx

from client.backoff import Backoff, Reach
from client.discovery import Discovery
from client.errors import ClientError, Redirected, Refused, Unreachable
from client.intake import Intake
from client.link import ANSWER_SECONDS, Link
from client.outlet import Outlet
from client.paths import Delivery, Route
from client.rest import TIMEOUT_SECONDS, RestApi
from client.state import State, StateName
from client.update import Price

# Served this long, a connection was a good one, and its loss counts as the first.
GOOD_SERVICE_SECONDS: Final = 30.0
POLL_SECONDS: Final = 5.0
RENEWAL_JITTER: Final = 0.1  # of the greatest age

_random: Final = random.random


@asynccontextmanager
async def subscribe(
    token: str,
    *,
    api: str,
    region: str | None = None,
    delivery: Delivery = "all",
    on_state: Callable[[State], None] | None = None,
) -> AsyncGenerator["Subscription"]:
    """Receive the prices of `token` as long as the block lasts, each trade exactly once.

    `api` is the stack's output RestApiUrl; `region`, an AWS region, may decide the path. With
    `delivery="latest"` only rising prices come, and what the loop was too slow for is skipped.
    The loop ends with `close()`, and raises Refused when the stack does not want the client.
    """
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as http:
        rest = RestApi(http, api, token, region)
        subscription = Subscription(token, rest, delivery, on_state)
        try:
            yield subscription
        finally:
            await subscription.close()


@dataclass(frozen=True)
class _Change:
    """Why another connection is wanted, and where: None: where the stack says."""

    route: Route | None
    delay_seconds: float
    reason: str


@dataclass(frozen=True)
class _Running:
    """A connection, and the task that reads it."""

    link: Link
    task: asyncio.Task[ClientError]

    @property
    def path(self) -> str:
        return self.link.route.path.name

    @property
    def is_open(self) -> bool:
        return not self.task.done()


class Subscription:
    """The prices of one token, to be iterated. Made by `subscribe`."""

    def __init__(
        self,
        token: str,
        rest: RestApi,
        delivery: Delivery,
        on_state: Callable[[State], None] | None,
    ) -> None:
        self._token = token
        self._delivery: Delivery = delivery
        self._on_state = on_state
        self._state = State("connecting", None, "")
        self._outlet = Outlet(wants_latest=delivery == "latest")
        self._intake = Intake(rest, self._outlet, delivery=delivery, random=_random)
        self._reach = Reach()
        self._discovery = Discovery(rest, self._reach)
        self._backoff = Backoff(_random)
        self._clock = asyncio.get_running_loop().time
        self._tasks = asyncio.TaskGroup()
        self._served_last: Link | None = None
        self._poller: asyncio.Task[None] | None = None
        self._task = asyncio.create_task(self._run())

    @property
    def state(self) -> State:
        """What it is doing now."""
        return self._state

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Price:
        price = await self._outlet.take()
        if price is None:
            raise StopAsyncIteration
        return price

    async def close(self) -> None:
        """End it: what was received can still be iterated."""
        self._task.cancel()
        await asyncio.wait({self._task})
        self._end(None)

    async def _run(self) -> None:
        try:
            async with self._tasks:
                self._tasks.create_task(self._intake.run())
                await self._serve()
        except* Exception as errors:  # noqa: BLE001 - heard where the prices are
            self._end(errors.exceptions[0])

    def _end(self, error: Exception | None) -> None:
        if self._state.state != "closed":
            self._outlet.end(error)
            self._show("closed", "closed" if error is None else str(error))

    async def _serve(self) -> None:
        """Have one connection after the other; what cannot be mended raises Refused."""
        running: _Running | None = None
        change = _Change(None, 0.0, "")
        while True:
            running = await self._replace(running, change)
            change = await self._wait_for_change(running)

    async def _replace(self, old: _Running | None, change: _Change) -> _Running:
        """Try until another connection serves; only then let go of the old one."""
        while True:
            self._show_between(old, change)
            await asyncio.sleep(change.delay_seconds)
            try:
                route = change.route or await self._discovery.find(self._clock())
                new = await self._open(route, old, change.reason)
            except Redirected as redirect:
                change = _Change(redirect.route, self._backoff.next_seconds(), str(redirect))
            except Unreachable as error:
                change = _Change(None, self._backoff.next_seconds(), str(error))
            else:
                break
        if self._poller is not None:
            self._poller.cancel()
            self._poller = None
            self._intake.owe_news()  # what was stored between the last poll and this connection
        if old is not None:
            old.task.cancel()
        self._discovery.note(new.link.route)
        self._served_last = new.link
        self._show("live", change.reason, new.path)
        return new

    async def _open(self, route: Route, old: _Running | None, reason: str) -> _Running:
        """Open a connection that serves, beside the old one. Raises ClientError."""
        path = route.path.name
        if not _is_open(old) and self._reach.is_unreachable(path, self._clock()):
            self._start_polling()
        self._show_between(old, _Change(route, 0.0, reason))
        link = Link(
            route,
            self._token,
            self._intake,
            after=self._cursor(route),
            known=self._intake.cursor_on_another_path(),
            delivery=self._delivery,
        )
        task = self._tasks.create_task(link.run())
        await asyncio.wait(
            {task, link.served}, timeout=ANSWER_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if link.served.done():
            self._reach.note_service(path)
            return _Running(link, task)
        if not task.done():
            task.cancel()
            error = Unreachable(f"{route.url} did not serve within {ANSWER_SECONDS:g} s")
        else:
            error = task.result()
        if isinstance(error, Unreachable):
            self._reach.note_failure(path, self._clock())
        raise error

    async def _wait_for_change(self, running: _Running) -> _Change:
        """Return when another connection is wanted."""
        link, protocol = running.link, running.link.route.protocol
        began = self._clock()
        renew_at = began + _seconds(protocol.max_age_ms) * (1 - RENEWAL_JITTER * _random())
        recheck_at = self._recheck_at(link.route)
        while True:
            await asyncio.wait(
                {running.task, link.moved},
                timeout=_wait_seconds(min(renew_at, recheck_at) - self._clock()),
                return_when=asyncio.FIRST_COMPLETED,
            )
            now = self._clock()
            if now - began >= GOOD_SERVICE_SECONDS:
                self._backoff.begin_again()
            if link.moved.done():
                moved = link.moved.result()
                jitter_seconds = _random() * moved.jitter_ms / 1_000
                return _Change(moved.route(self._token), jitter_seconds, "the token moved")
            if not running.is_open:
                error = running.task.result()
                if isinstance(error, Refused):
                    raise error
                return _Change(None, self._backoff.next_seconds(), str(error))
            if now >= renew_at:
                return _Change(None, 0.0, "the connection grew old")
            if now >= recheck_at:
                route = await self._discovery.find(now)
                if route.path is not link.route.path:
                    return _Change(route, 0.0, "the token's own path serves again")
                recheck_at = self._recheck_at(route)

    def _recheck_at(self, route: Route) -> float:
        return self._clock() + _seconds(route.recheck_ms) * (1 + _random())

    def _cursor(self, route: Route) -> str | None:
        """After which id to go on: exactly, on the path that served last; else from earlier."""
        last = self._served_last
        exact = last.cursor if last is not None and last.route.path is route.path else None
        return exact or self._intake.cursor_on_another_path() or route.after

    def _start_polling(self) -> None:
        if self._poller is None:
            self._poller = self._tasks.create_task(self._poll())
            # From here on the REST API is the path that served last.
            self._served_last = None

    async def _poll(self) -> None:
        while True:
            self._intake.owe_news()
            await asyncio.sleep(POLL_SECONDS)

    def _show_between(self, old: _Running | None, change: _Change) -> None:
        """Show that another connection is wanted; how bad that is depends on what still serves."""
        path = None if change.route is None else change.route.path.name
        if _is_open(old):
            self._show("moving", change.reason, path)
        elif self._poller is not None:
            self._show("polling", change.reason, path)
        else:
            self._show("waiting" if change.delay_seconds else "connecting", change.reason, path)

    def _show(self, state: StateName, reason: str, path: str | None = None) -> None:
        shown = State(state, path or self._state.path, reason)
        is_news = (shown.state, shown.path) != (self._state.state, self._state.path)
        self._state = shown
        if is_news and self._on_state is not None:
            self._on_state(shown)


def _is_open(running: _Running | None) -> bool:
    return running is not None and running.is_open


def _seconds(milliseconds: int | None) -> float:
    """None is never."""
    return float("inf") if milliseconds is None else milliseconds / 1_000


def _wait_seconds(seconds: float) -> float | None:
    """A time-out as asyncio takes it."""
    return None if seconds == float("inf") else max(0.0, seconds)
