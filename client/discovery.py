"""Where to connect next: what the stack says, and what it said last if it says nothing."""

from client.backoff import Reach
from client.errors import Unreachable
from client.paths import Route
from client.rest import RestApi


class Discovery:
    """Asks GET /connect, and asks it for the other path while one cannot be reached."""

    def __init__(self, rest: RestApi, reach: Reach) -> None:
        self._rest = rest
        self._reach = reach
        self._known: Route | None = None

    async def find(self, now: float) -> Route:
        """Raises Refused, and Unreachable if the stack has never answered."""
        try:
            self._known = await self._rest.route(avoid=self._reach.avoided(now))
        except Unreachable:
            if self._known is None:
                raise
        return self._known

    def note(self, route: Route) -> None:
        """Remember a route that serves, however it was found."""
        self._known = route
