"""SOL/USD as a publisher knows it, which reads it with the routes, in the call that it makes anyway."""

from typing import Final

from functions.glow import log
from functions.glow.errors import Unavailable
from functions.glow.routing.cache import RouteCache
from functions.glow.routing.routes import Routes
from functions.glow.routing.table import RouteTable
from functions.glow.runtime.parallel import by_the_deadline
from functions.glow.usd import Dollars, SolUsd

# What a wait for the rate leaves of the webhook's deadline: the gate's read, the write, and the publishing.
_KEEP_SECONDS: Final = 0.65


class RoutesAndRate:
    """Reads the routing item, and keeps the rate that came with it."""

    def __init__(self, table: RouteTable) -> None:
        self._table = table
        self._rate: SolUsd | None = None

    @property
    def rate(self) -> SolUsd | None:
        """As last read."""
        return self._rate

    def read(self) -> Routes | None:
        routes, self._rate = self._table.read_with_rate()
        return routes


class Market:
    """Tells SOL/USD, if it is fresh: at most `max_age_seconds` old."""

    def __init__(self, source: RoutesAndRate, routes: RouteCache, *, max_age_seconds: int) -> None:
        self._source = source
        self._routes = routes
        self._max_age_seconds = max_age_seconds

    def dollars(self, *, now: float) -> Dollars:
        """What gives prices that come in at `now` (Unix seconds) one in dollars.

        Mostly the one that came with the last read of the routes. Only if that is too old, as in a
        process that was idle, is the next read waited for: a trade's price in dollars is fixed when it
        comes in. A table that does not answer costs a trade its dollars, not its deadline.
        """
        found = self._fresh(now)
        if found is None and self._routes.is_stale:
            try:
                by_the_deadline(self._routes.refresh, keep_seconds=_KEEP_SECONDS)
            except Unavailable as error:
                log.warning("sol_usd_not_read", reason=str(error))
            found = self._fresh(now)
        return Dollars(found, self._max_age_seconds)

    def _fresh(self, now: float) -> SolUsd | None:
        rate = self._source.rate
        if rate is None or not rate.is_fresh(now=now, max_age_seconds=self._max_age_seconds):
            return None
        return rate
