"""Where to connect: asks the stack, and uses its last answer if it does not answer now."""

from client.backoff import Reach
from client.errors import Unreachable
from client.paths import Route
from client.rest import RestApi


class Discovery:
    """Asks GET /connect. If this client cannot reach one path, asks for the other one."""

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
        """Remember a route that works, for when the stack does not answer."""
        self._known = route
