"""The sockets of a feed: tokens with the same address share one. It also knows which paths can be reached,
and when to try again."""

from collections.abc import Awaitable, Callable
from typing import Final

from .access import Pass
from .backoff import Backoff, Reach
from .connection import Connection
from .host import Host
from .paths import Route
from .ports import Address, Rider
from .rest import RestApi

# After this long, a connection counts as good: when it ends, the back-off starts again.
GOOD_SERVICE_SECONDS: Final = 30.0


class Connections:
    """With `is_shared`, tokens share sockets."""

    def __init__(
        self,
        host: Host,
        rest: RestApi,
        access: Pass | None,
        *,
        is_shared: bool,
        wait_for_room: Callable[[], Awaitable[None]],
    ) -> None:
        self.host = host
        self.rest = rest
        self.reach = Reach()
        self.wait_for_room = wait_for_room
        self._access = access
        self._is_shared = is_shared
        self._backoff = Backoff(host.random)
        self._tries_again_at = float("-inf")
        # Paths whose socket for one token ended before it served: its room may be full, which a client
        # cannot see.
        self._full_paths: set[str] = set()
        self._open: list[Connection] = []

    def join(self, route: Route, rider: Rider) -> Connection:
        """The connection that will serve a token."""
        address, is_live = self._address_of(route)
        url = address.endpoint.url
        for connection in self._open:
            if connection.has_room and connection.address.endpoint.url == url:
                connection.add(rider)
                return connection
        connection = Connection(address, self, is_shared=is_live, wait_for_room=self.wait_for_room)
        connection.add(rider)
        self._open.append(connection)
        connection.open()
        return connection

    def can_open(self, route: Route) -> bool:
        """Whether a route says enough to open it: old stacks do not name the socket for many tokens."""
        return route.live is not None or not self._wants_live(route.path)

    def check(self) -> None:
        """Look whether the connections live."""
        for connection in [*self._open]:
            connection.check()

    def pause_seconds(self) -> float:
        """How long until the next try. It is one for all, so that tokens that failed together come back
        together."""
        now = self.host.now
        if self._tries_again_at <= now:
            self._tries_again_at = now + self._backoff.next_seconds()
        return self._tries_again_at - now

    def note_service(self, connection: Connection) -> None:
        self.reach.note_service(connection.address.path)
        connection.scope.later(GOOD_SERVICE_SECONDS, self._backoff.begin_again)

    def note_end(self, connection: Connection, *, has_failed: bool) -> None:
        self._open.remove(connection)
        if not has_failed:
            return
        path = connection.address.path
        if connection.is_shared:
            self._full_paths.discard(path)
        else:
            self._full_paths.add(path)
        if self.reach.note_failure(path, self.host.now):
            self._backoff.begin_again()  # now another way is tried

    def _wants_live(self, path: str) -> bool:
        return self._is_shared or self._access is not None or path in self._full_paths

    def _address_of(self, route: Route) -> tuple[Address, bool]:
        """Where to open it, and whether that is the socket of many tokens."""
        if route.live is None or not self._wants_live(route.path):
            return Address(route.path, route.one, access=None), False
        return Address(route.path, route.live, self._access), True
