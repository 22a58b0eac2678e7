"""Keeps a token connected: finds its path, joins a connection there, and leaves the old one only when the
next one serves."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from .backoff import LASTING_SECONDS, Backoff, Reach
from .connection import Connection
from .connections import Connections
from .discovery import Discovery
from .errors import Refused, Unreachable
from .messages import Moved
from .paths import Route
from .receiver import Receiver
from .scope import Scope
from .socket import ANSWER_SECONDS
from .state import StateName

POLL_SECONDS: Final = 5.0
SETTLED_SECONDS: Final = (
    30.0  # after this long, a move counts as done and the back-off starts again
)
# A client that is moved again and again within seconds waits longer each time, but not so long that the
# old path ends meanwhile: it lasts 10 s (docs/routing.md).
MOVE_PAUSE_SECONDS: Final = 2.0
# Tokens that are moved within this time go in one request and one command.
TOGETHER_SECONDS: Final = 0.25
SERVED_SECONDS: Final = (
    2 * ANSWER_SECONDS
)  # a hub says after 10 s itself that it cannot serve a token


@dataclass(frozen=True)
class _Step:
    """What is done about the next connection, and the path that it heads for, as far as that is known."""

    name: Literal["resting", "asking", "waiting", "opening"]
    path: str | None = None
    connection: Connection | None = None


@dataclass
class _Source:
    """What delivers, and how to end it. A connection that has sent its token elsewhere may deliver no more,
    without a word."""

    name: Literal["nothing", "polling", "socket"]
    end: Callable[[], object]
    connection: Connection | None = None
    has_sent_away: bool = False


_RESTING: Final = _Step("resting")
_NOTHING: Final = _Source("nothing", lambda: None)


class Listener(Protocol):
    def show(self, state: StateName, path: str | None, reason: str) -> None: ...

    def on_lasting(self, reason: str) -> None:
        """Called once in each outage, when it has lasted."""
        ...

    def on_refused(self, refusal: Refused) -> None:
        """Trying again does not help."""
        ...


class Router:
    def __init__(
        self,
        token: str,
        receiver: Receiver,
        connections: Connections,
        discovery: Discovery,
        listener: Listener,
    ) -> None:
        self.token = token
        self.receiver = receiver
        self._connections = connections
        self._discovery = discovery
        self._listener = listener
        self._host = connections.host
        # For what concerns this token alone: that it is moved, or cannot be served.
        self._backoff = Backoff(self._host.random)
        self._reach = Reach()
        self._source = _NOTHING
        self._step = _RESTING
        self._step_scope = Scope(self._host)  # the next step cancels its timers
        self._route: Route | None = None  # the last one that came from /connect or MOVED
        self._asked_at: int | None = None  # when the stack last said where to connect
        # Since when no socket can be opened; None: one delivers; infinity: that it lasts has been said.
        self._outage_since: float | None = None
        # Not at once, so that tokens that are followed together ask together.
        self._step_scope.later(0.0, lambda: self._connect(None))

    @property
    def moved_after(self) -> str | None:
        return None if self._route is None else self._route.after

    def close(self) -> None:
        self._enter(_RESTING).end()
        self._deliver_from(_NOTHING)

    def wake(self) -> None:
        """Try at once if nothing delivers and nothing is under way."""
        if self._serving is None and self._step.name == "waiting":
            self._connect(self._step.path)

    def wish_again(self) -> None:
        """Ask for prices as the receiver wants them now."""
        for connection in (self._serving, self._step.connection):
            if connection is not None:
                connection.add(self)

    # What a connection tells

    def on_serving(self, connection: Connection) -> None:
        if connection is self._serving:
            return  # it was asked for another delivery
        path = connection.address.path
        if self._source.name == "polling":
            self.receiver.poll()  # what came after the last poll
        self._step = _RESTING
        self._deliver_from(_Source("socket", lambda: connection.leave(self), connection))
        self._reach.note_service(path)
        self._outage_since = None
        self.receiver.serve_from(path, self._asked_at)
        self._settle_on(None if self._route is None else self._route.recheck_ms)
        self._report()

    def on_end(self, connection: Connection, reason: str) -> None:
        self._lose(connection, reason, None)

    def on_unavailable(self, connection: Connection, reason: str) -> None:
        if self._reach.note_failure(connection.address.path, self._host.now):
            self._backoff.begin_again()
        self._lose(connection, reason, self._backoff.next_seconds())

    def on_moved(self, connection: Connection, moved: Moved) -> None:
        if connection is self._serving:
            self._source.has_sent_away = True
        if moved.path == self._step.path:
            return
        route = moved.route
        spread = connection.spread * moved.jitter_ms / 1_000
        has_region = self._connections.rest.region is not None
        if has_region or route is None or not self._connections.can_open(route):
            # The move may not concern this region, or only the stack knows how to speak there.
            self._wait(self._together(spread), None)
        else:
            self._route = route
            if connection is self._serving and self._is_well_on(moved.path):
                self._stay(None)  # called back
            else:
                pause = min(self._backoff.next_seconds(), MOVE_PAUSE_SECONDS)
                scope = self._enter(_Step("waiting", moved.path))
                scope.later(self._together(spread + pause), lambda: self._open(route))
        self._report(f"moved to {moved.path}")

    def on_refused(self, refusal: Refused) -> None:
        self._listener.on_refused(refusal)

    # Steps

    @property
    def _serving(self) -> Connection | None:
        return self._source.connection

    def _together(self, seconds: float) -> float:
        """The delay, until the end of a short period that all tokens have in common."""
        now = self._host.now
        return math.ceil((now + seconds) / TOGETHER_SECONDS) * TOGETHER_SECONDS - now

    def _is_well_on(self, path: str) -> bool:
        """Whether a connection on `path` delivers that need not be renewed."""
        serving = self._serving
        is_there = serving is not None and serving.address.path == path
        return is_there and serving is not None and self._host.now < serving.renew_at

    def _is_unreachable(self, path: str) -> bool:
        return any(
            reach.is_unreachable(path, self._host.now)
            for reach in (self._reach, self._connections.reach)
        )

    def _enter(self, step: _Step) -> Scope:
        """Leave the current step."""
        self._step_scope.end()
        left, self._step = self._step, step
        if left.connection is not None:
            left.connection.leave(self)
        self._step_scope = Scope(self._host)
        return self._step_scope

    def _deliver_from(self, source: _Source) -> None:
        left, self._source = self._source, source
        left.end()

    def _wait(self, seconds: float, path: str | None) -> None:
        self._enter(_Step("waiting", path)).later(seconds, lambda: self._connect(path))

    def _connect(self, path: str | None) -> None:
        """Ask the stack where to connect, and connect. `path` is where it is headed."""
        scope = self._enter(_Step("asking", path))
        self._report()
        # It is not cancelled with the step: the question may be that of many.
        self._host.tasks.start(self._ask(path, scope))

    async def _ask(self, path: str | None, scope: Scope) -> None:
        now, reach, failure = self._host.now, self._connections.reach, ""
        try:
            place = await self._discovery.ask(
                self.token, reach.avoided(now) or self._reach.avoided(now)
            )
        except Refused as refusal:
            if not scope.is_over:
                self.on_refused(refusal)
            return
        except Unreachable as error:
            failure = str(error)
        else:
            if not scope.is_over:
                self._route, self._asked_at = place.route, place.asked_at
        if not scope.is_over:
            self._follow(self._route, path, failure)  # the last one known, if no answer came

    def _follow(self, route: Route | None, path: str | None, failure: str) -> None:
        if route is None:
            self._retry(path, failure, None)
        elif self._is_well_on(route.path):
            self._stay(route.recheck_ms)
            self._report(failure)
        else:
            # A path that the token has left delivers nothing once its grace is over, and says nothing.
            serves_there = self._serving is not None and self._serving.address.path == route.path
            is_polling = self._source.name == "polling"
            if not is_polling and not serves_there and self._is_unreachable(route.path):
                self._start_polling()
            self._open(route)

    def _open(self, route: Route) -> None:
        scope = self._enter(_Step("asking", route.path))
        connection = self._connections.join(route, self)
        self._step = _Step("opening", route.path, connection)

        def give_up() -> None:
            connection.doubt(self.token)
            url = connection.address.endpoint.url
            self.on_unavailable(connection, f"{url} no answer for {self.token}")

        scope.later(SERVED_SECONDS, give_up)
        self._report()

    def _stay(self, recheck_ms: int | None) -> None:
        """Stay on the connection that delivers."""
        source = self._source
        if source.connection is not None and source.has_sent_away:
            source.has_sent_away = False
            source.connection.doubt(self.token)
            source.connection.add(self)
        self._settle_on(recheck_ms)

    def _settle_on(self, recheck_ms: int | None) -> None:
        """Stay, until the connection grows old or the stack may know a better path."""
        scope, now = self._enter(_RESTING), self._host.now
        scope.later(SETTLED_SECONDS, self._backoff.begin_again)
        if recheck_ms is not None:
            # While a path is avoided, the answer would be the same.
            avoided = max(r.avoided_for(now) for r in (self._reach, self._connections.reach))
            wait = recheck_ms / 1_000 * (1 + self._host.random())
            scope.later(max(wait, avoided), lambda: self._connect(None))
        if self._serving is not None and self._serving.renew_at < math.inf:
            scope.later(self._serving.renew_at - now, lambda: self._connect(None))

    def _lose(self, connection: Connection, reason: str, pause_seconds: float | None) -> None:
        """`connection` does not serve this token any more."""
        if connection is not self._serving:
            self._retry(connection.address.path, reason, pause_seconds)
            return
        self._deliver_from(_NOTHING)
        if self._step.name in ("resting", "waiting"):
            self._retry(None, reason, pause_seconds)
        else:
            self._report(reason)

    def _retry(self, path: str | None, reason: str, pause_seconds: float | None) -> None:
        """Try again, by default when all do that failed with this one."""
        pause = self._connections.pause_seconds() if pause_seconds is None else pause_seconds
        self._wait(pause, path)
        self._report(reason)
        if self._serving is not None:
            return
        now = self._host.now
        self._outage_since = now if self._outage_since is None else self._outage_since
        if now - self._outage_since >= LASTING_SECONDS:
            self._outage_since = math.inf
            self._listener.on_lasting(reason)

    def _start_polling(self) -> None:
        scope = Scope(self._host)
        self._deliver_from(_Source("polling", scope.end))

        def poll_on() -> None:
            self.receiver.poll()
            scope.later(POLL_SECONDS, poll_on)

        poll_on()

    def _report(self, reason: str = "") -> None:
        step, serving = self._step, self._serving
        if serving is not None:
            path = serving.address.path
            is_moving = step.path not in (None, path)
            self._listener.show("moving" if is_moving else "live", path, reason)
        elif self._source is not _NOTHING:
            self._listener.show("polling", None, reason)
        else:
            path = step.path if step.name == "opening" else None
            is_waiting = step.name == "waiting"
            self._listener.show("waiting" if is_waiting else "connecting", path, reason)
