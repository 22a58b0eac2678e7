"""Keeps a subscription connected. An old connection is closed only when the next one is ready."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, NoReturn, Protocol

from client.backoff import LASTING_SECONDS, Backoff, Reach
from client.connection import Connection
from client.discovery import Discovery
from client.errors import Redirected, Refused, Unreachable
from client.messages import Moved
from client.paths import Delivery, Route
from client.receiver import Receiver
from client.rest import RestApi
from client.socket import ANSWER_SECONDS, OpenSocket
from client.state import StateName
from client.update import id_at

# After this long, a connection counts as good: when it ends, the back-off starts again.
GOOD_SERVICE_SECONDS: Final = 30.0
POLL_SECONDS: Final = 5.0
MOVE_PAUSE_SECONDS: Final = 2.0
RENEWAL_JITTER: Final = 0.1  # part of `max_age_ms`


class Show(Protocol):
    """Called with each change of state; without a path, the path shown before stays."""

    def __call__(self, state: StateName, reason: str, path: str | None = None) -> None: ...


@dataclass(frozen=True)
class _Change:
    """A wanted change of connection, and its reason; without a route, the stack is asked."""

    route: Route | None
    delay_seconds: float
    reason: str


class Connector:
    """Connects, and connects again when a connection ends, grows too old or must move.

    `warn` is called once in each outage that lasts, with its reason.
    """

    def __init__(
        self,
        token: str,
        rest: RestApi,
        receiver: Receiver,
        *,
        delivery: Delivery,
        show: Show,
        warn: Callable[[str], None],
        open_socket: OpenSocket,
        random: Callable[[], float],
    ) -> None:
        self._token = token
        self._rest = rest
        self._receiver = receiver
        self._delivery: Delivery = delivery
        self._has_region = rest.region is not None
        self._show = show
        self._warn = warn
        self._open_socket = open_socket
        self._random = random
        self._reach = Reach()
        self._discovery = Discovery(rest, self._reach)
        self._backoff = Backoff(random)
        self._clock = asyncio.get_running_loop().time
        self._served_last: Connection | None = None
        # The cursor of a client that was connected and has received nothing, because the token was
        # quiet. It is the time of the discovery: everything since then must be delivered.
        self._served_from: str | None = None
        self._began = 0.0  # when the connection that serves was ready, and when it must be renewed
        self._renew_at = 0.0
        self._poller: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        # Since when no connection serves; None: one does; infinity: that it lasts has been said.
        self._outage_since: float | None = None

    async def run(self, tasks: asyncio.TaskGroup) -> NoReturn:
        """Stay connected. Never returns; raises Refused."""
        connection: Connection | None = None
        change = _Change(None, 0.0, "")
        while True:
            connection, route = await self._replace(connection, change, tasks)
            change = await self._wait_for_change(connection, route)

    def wake(self) -> None:
        """Look whether the connection lives, and try at once if there is none."""
        if self._served_last is not None and _is_open(self._served_last):
            self._served_last.check()
        else:
            self._woken.set()

    async def _replace(
        self, old: Connection | None, change: _Change, tasks: asyncio.TaskGroup
    ) -> tuple[Connection, Route]:
        """Try until another connection is ready; then close the old one.

        Returns what serves, and what the stack said last: that may be to stay on the old one.
        """
        while True:
            await self._wait_for(change, old)
            try:
                route = change.route or await self._discovery.find(self._clock())
                if change.route is None and old is not None and self._is_well_on(route.path, old):
                    self._show("live", change.reason, route.path)
                    return old, route
                if not _is_open(old) and self._reach.is_unreachable(route.path, self._clock()):
                    self._start_polling(tasks)
                self._show_between(old, _Change(route, 0.0, change.reason))
                new = await self._open(route, tasks)
            except Redirected as redirect:
                change = _Change(redirect.route, self._backoff.next_seconds(), str(redirect))
            except Unreachable as error:
                change = self._retry(error, has_service=_is_open(old))
            else:
                break
        self._stop_polling()
        if old is not None:
            old.let_go()
        self._outage_since = None
        self._discovery.note(new.route)
        self._served_last = new
        self._began = self._clock()
        max_age_seconds = _seconds(new.route.protocol.max_age_ms)
        self._renew_at = self._began + max_age_seconds * (1 - RENEWAL_JITTER * self._random())
        if self._served_from is None and self._rest.asked_at is not None:
            self._served_from = id_at(self._rest.asked_at)
        self._show("live", change.reason, new.route.path)
        return new, new.route

    async def _wait_for(self, change: _Change, old: Connection | None) -> None:
        """Wait as long as `change` says, but only as long as the back-off once nothing serves."""
        self._show_between(old, change)
        if old is not None and _is_open(old):
            await asyncio.wait({old.ended}, timeout=change.delay_seconds)
            if _is_open(old):
                return
            delay_seconds = min(change.delay_seconds, self._backoff.next_seconds())
            change = replace(change, delay_seconds=delay_seconds)
            self._show_between(old, change)
        await self._pause(change.delay_seconds)

    def _is_well_on(self, path: str, connection: Connection) -> bool:
        """Whether `connection` serves on `path` and need not be renewed."""
        is_young = self._clock() < self._renew_at
        return is_young and connection.route.path == path and _is_open(connection)

    async def _open(self, route: Route, tasks: asyncio.TaskGroup) -> Connection:
        """Open a connection and wait until it is ready. Raises ClientError."""
        connection = Connection(
            route,
            self._token,
            self._receiver,
            tasks,
            after=self._cursor(route),
            delivery=self._delivery,
            open_socket=self._open_socket,
        )
        await asyncio.wait(
            {connection.served, connection.ended},
            timeout=ANSWER_SECONDS,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if connection.served.done():
            self._reach.note_service(route.path)
            return connection
        if connection.ended.done():
            error = connection.ended.result()
        else:
            error = Unreachable(f"{route.url} no answer for {ANSWER_SECONDS:g} s")
            connection.let_go()
        if isinstance(error, Unreachable) and self._reach.note_failure(route.path, self._clock()):
            self._backoff.begin_again()  # now another way is tried
        raise error

    async def _wait_for_change(self, connection: Connection, route: Route) -> _Change:
        """Wait until another connection is wanted. Raises Refused."""
        recheck_at = self._recheck_at(route)
        while True:
            await asyncio.wait(
                {connection.moved, connection.ended},
                timeout=_time_out(min(self._renew_at, recheck_at) - self._clock()),
                return_when=asyncio.FIRST_COMPLETED,
            )
            now = self._clock()
            if now - self._began >= GOOD_SERVICE_SECONDS:
                self._backoff.begin_again()
            if connection.moved.done():
                moved = connection.take_moved()
                jitter_seconds = self._random() * moved.jitter_ms / 1_000
                if self._has_region or moved.route is None:
                    # The move may not concern this region, or only the stack can describe the path.
                    recheck_at = now + jitter_seconds
                    continue
                return self._move(moved, moved.route, jitter_seconds)
            if connection.ended.done():
                error = connection.ended.result()
                if isinstance(error, Refused):
                    raise error
                return self._retry(error, has_service=False)
            if now >= self._renew_at:
                return _Change(None, 0.0, "the connection grew old")
            if now >= recheck_at:
                route = await self._discovery.find(now)
                if route.path != connection.route.path:
                    return _Change(route, 0.0, "the token is served elsewhere now")
                recheck_at = self._recheck_at(route)

    def _retry(self, error: Exception, *, has_service: bool) -> _Change:
        """What to do after a failure; says once that it lasts, if nothing serves meanwhile."""
        if not has_service:
            now = self._clock()
            self._outage_since = now if self._outage_since is None else self._outage_since
            if now - self._outage_since >= LASTING_SECONDS:
                self._outage_since = float("inf")
                self._warn(str(error))
        return _Change(None, self._backoff.next_seconds(), str(error))

    def _move(self, moved: Moved, route: Route, jitter_seconds: float) -> _Change:
        # A client that is moved again and again within seconds waits longer each time, but not so long
        # that the old path ends meanwhile: it lasts 10 s (docs/routing.md).
        pause_seconds = jitter_seconds + min(self._backoff.next_seconds(), MOVE_PAUSE_SECONDS)
        return _Change(route, pause_seconds, f"moved to {moved.path}")

    async def _pause(self, seconds: float) -> None:
        self._woken.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    def _recheck_at(self, route: Route) -> float:
        now = self._clock()
        # While a path is avoided, the answer would be the same.
        wait_seconds = _seconds(route.recheck_ms) * (1 + self._random())
        return now + max(wait_seconds, self._reach.avoided_for(now))

    def _cursor(self, route: Route) -> str | None:
        """The id after which to continue: the last one on the same path, an earlier one on another."""
        last = self._served_last
        exact = last.cursor if last is not None and last.route.path == route.path else None
        return exact or self._receiver.cursor_on_another_path() or self._served_from or route.after

    def _start_polling(self, tasks: asyncio.TaskGroup) -> None:
        if self._poller is None:
            self._poller = tasks.create_task(self._poll())
            # Prices come from the REST API now, so the last connection's cursor becomes outdated.
            self._served_last = None

    def _stop_polling(self) -> None:
        if self._poller is not None:
            self._poller.cancel()
            self._poller = None
            self._receiver.owe_news()  # for trades between the last poll and the new connection

    async def _poll(self) -> NoReturn:
        while True:
            self._receiver.owe_news()
            await asyncio.sleep(POLL_SECONDS)

    def _show_between(self, old: Connection | None, change: _Change) -> None:
        """Show that another connection is wanted. The state depends on what still delivers."""
        path = None if change.route is None else change.route.path
        if old is not None and _is_open(old):
            if path not in (None, old.route.path):
                self._show("moving", change.reason, old.route.path)
        elif self._poller is not None:
            self._show("polling", change.reason, path)
        else:
            self._show("waiting" if change.delay_seconds else "connecting", change.reason, path)


def _is_open(connection: Connection | None) -> bool:
    return connection is not None and not connection.ended.done()


def _seconds(milliseconds: int | None) -> float:
    """Seconds; infinity for None."""
    return float("inf") if milliseconds is None else milliseconds / 1_000


def _time_out(seconds: float) -> float | None:
    """The time-out in asyncio's form: None for infinity."""
    return None if seconds == float("inf") else max(0.0, seconds)
