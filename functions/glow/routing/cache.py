"""The routing item as one process knows it: at most CACHE_SECONDS old."""

import time
from collections.abc import Callable
from typing import Protocol

from functions.glow import log
from functions.glow.errors import GlowError, Unavailable
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import CACHE_SECONDS, RELIABLE_SECONDS, Routes


class RouteReader(Protocol):
    """Reads the item; None while there is none. Raises Unavailable."""

    def read(self) -> Routes | None: ...


class RouteCache:
    """Caches the item. While there is none, `policy` is in force, the environment's.

    If it cannot be read, the last one is still the best guess, but a change may have come since: see
    `is_reliable`.
    """

    def __init__(
        self, table: RouteReader, policy: Policy, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._table = table
        self._routes = Routes(current=policy)
        self._clock = clock
        self._read_at: float | None = None
        self._reliable_until: float | None = None

    @property
    def routes(self) -> Routes:
        """As last read. Call `refresh` first."""
        return self._routes

    def expire(self) -> None:
        """Make the next `refresh` read: the item has changed."""
        self._read_at = None

    @property
    def is_reliable(self) -> bool:
        """Whether no change can be in force that is not in `routes`."""
        return self._reliable_until is not None and self._clock() < self._reliable_until

    @property
    def is_stale(self) -> bool:
        return self._read_at is None or self._clock() - self._read_at >= CACHE_SECONDS

    def refresh(self) -> Routes:
        """Read the item if the cached one is too old. A failed read is repeated at the next call."""
        if not self.is_stale:
            return self._routes
        started = self._clock()
        try:
            self._routes = self._table.read() or self._routes
        except GlowError as error:
            log.warning("routes_not_read", reason=str(error))
        else:
            self._read_at = started
            self._reliable_until = started + RELIABLE_SECONDS
        return self._routes

    def known(self) -> Routes:
        """As `refresh`, for those who send clients to a path. Raises Unavailable if it is not reliable.

        Publishers that know better may have left that path.
        """
        routes = self.refresh()
        if not self.is_reliable:
            raise Unavailable("the routing table did not answer; send it again")
        return routes
