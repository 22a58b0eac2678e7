"""The routing item as one process knows it: at most CACHE_SECONDS old."""

import time
from collections.abc import Callable

from functions.glow import log
from functions.glow.errors import GlowError, Unavailable
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import CACHE_SECONDS, Routes
from functions.glow.routing.table import RouteTable


class RouteCache:
    """Caches the item. If it cannot be read, the last one stays in force; before the first read,
    and while there is no item, that is `policy`, the environment's."""

    def __init__(
        self, table: RouteTable, policy: Policy, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._table = table
        self._routes = Routes(current=policy)
        self._clock = clock
        self._read_at: float | None = None
        self._was_read = False

    @property
    def routes(self) -> Routes:
        """As last read. Call `refresh` first."""
        return self._routes

    def expire(self) -> None:
        """Make the next `refresh` read: the item has changed."""
        self._read_at = None

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
            self._was_read = True
        return self._routes

    def known(self) -> Routes:
        """As `refresh`, for those who send clients to a path. Raises Unavailable until the first read.

        The environment's policy serves both paths. Publishers that have read the item may serve one.
        """
        routes = self.refresh()
        if not self._was_read:
            raise Unavailable("the routing table did not answer; send it again")
        return routes
