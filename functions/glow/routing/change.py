"""A change of route, in five steps:

1. Count the clients that have to leave: their number decides how long they get. A change to an edge
   that does not answer stops here, before anything is written.
2. Write the new policy. The policy that it replaces is still published on, without an end.
3. Wait until every publisher knows.
4. Have the rooms whose tokens come to the edge serve again; announce the change on both paths.
5. Write the end of the grace. A sweep then ends the subscriptions of clients that have not left.

A failure from step 2 on leaves both paths served. The same change again goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from functions.glow import log
from functions.glow.edge.rooms import EdgeRooms
from functions.glow.errors import Unavailable
from functions.glow.routing.endpoints import Endpoints
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.leavers import Leavers
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import SETTLE_MS, EdgeHealth, Routes
from functions.glow.routing.table import RouteTable
from functions.glow.routing.tasks import Task, TaskQueue

# A quarter of what a room takes (docs/performance.md): it goes on serving meanwhile.
EDGE_CONNECTS_PER_SECOND: Final = 1_000
# After the last client's turn: it has to connect and be served before its old path ends.
_SLACK_MS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """The tokens that a change moves to and from the edge, and how many clients go with them."""

    to_edge: Sequence[str] = ()
    from_edge: Sequence[str] = ()
    clients_to_edge: int = 0
    clients_to_aws: int = 0
    jitter_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteChange:
    """Carries changes out. `rooms` is None where the stack has no edge."""

    table: RouteTable
    known_tokens: KnownTokens
    leavers: Leavers
    rooms: EdgeRooms | None
    endpoints: Endpoints
    tasks: TaskQueue
    grace_ms: int
    aws_connects_per_second: int
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]

    async def apply(self, policy: Policy) -> Mapping[str, object]:
        """Bring `policy` into force and announce it. Raises Unavailable."""
        before = self.table.read()
        if before is None:
            self.table.write(Routes(current=policy))
            return _result(Moving(), grace_ms=0)
        routes = before.changed(policy, now_ms=self._now_ms())
        if routes.is_announced:
            return _result(Moving(), grace_ms=0)
        moving = await self._count(routes)
        self.table.write(routes)
        await self.sleep(SETTLE_MS / 1_000)
        return await self._announce(routes, moving)

    async def recover(self) -> None:
        """The edge answers again: send back the clients that went to AWS meanwhile."""
        routes = self.table.read()
        if routes is None or routes.health.state != "recovering":
            return
        now = self.clock()
        clients = self.leavers.count(routes.leaves_aws, now=now)
        jitter_ms = self._jitter_ms(to_edge=clients)
        await self.leavers.tell(routes.leaves_aws, routes.current, jitter_ms=jitter_ms, now=now)
        until_ms = self._grace_end(jitter_ms)
        self.tasks.add(Task("sweep", until_ms))
        ending = EdgeHealth(state="recovering", since_ms=routes.health.since_ms, until_ms=until_ms)
        self.table.replace_health(routes.health, ending)

    async def tell_rooms(self) -> None:
        """Tell the rooms that could not be told when their tokens left. Raises Unavailable."""
        routes = self.table.read()
        if routes is None or self.rooms is None:
            return
        known = self.known_tokens.all(now=self.clock())
        away = [token for token in known if "edge" not in routes.lasting_paths(token)]
        clients = await self.rooms.count_clients(away)
        jitter_ms = self._jitter_ms(to_aws=clients)
        ends = [stretch.until_ms or 0 for stretch in routes.previous]
        close_at_ms = max([self._now_ms() + jitter_ms + _SLACK_MS, *ends])
        await self._send_away(self.rooms, away, jitter_ms=jitter_ms, close_at_ms=close_at_ms)

    async def sweep(self) -> None:
        """End the subscriptions on AWS to tokens that are not published there any more."""
        routes = self.table.read()
        if routes is None:
            return
        now = self.clock()
        now_ms = int(now * 1_000)
        await self.leavers.unsubscribe(
            lambda token: "aws" not in routes.published(token, now_ms=now_ms),
            routes.current,
            now=now,
        )

    async def _count(self, routes: Routes) -> Moving:
        to_edge, from_edge = self._moving_tokens(routes)
        clients_to_edge = self.leavers.count(routes.leaves_aws, now=self.clock())
        try:
            clients_to_aws = await self._ask_rooms(to_edge, from_edge)
        except Unavailable as error:
            if to_edge or clients_to_edge:
                raise Unavailable(
                    f"{error}, so nothing was moved to it. Mend the edge, or set the routing back;"
                    " then run pulumi up again"
                ) from error
            log.warning("rooms_not_counted", reason=str(error))
            clients_to_aws = 0
        return Moving(
            to_edge=to_edge,
            from_edge=from_edge,
            clients_to_edge=clients_to_edge,
            clients_to_aws=clients_to_aws,
            jitter_ms=self._jitter_ms(to_edge=clients_to_edge, to_aws=clients_to_aws),
        )

    def _moving_tokens(self, routes: Routes) -> tuple[list[str], list[str]]:
        """The known tokens that come to the edge, and those that leave it."""
        to_edge: list[str] = []
        from_edge: list[str] = []
        for token in self.known_tokens.all(now=self.clock()):
            was_there = ["edge" in stretch.policy.paths(token) for stretch in routes.previous]
            if "edge" in routes.current.paths(token):
                if not all(was_there):
                    to_edge.append(token)
            elif any(was_there):
                from_edge.append(token)
        return to_edge, from_edge

    async def _ask_rooms(self, to_edge: Sequence[str], from_edge: Sequence[str]) -> int:
        """How many clients leave the edge. If tokens move to it, this also shows that it answers."""
        if self.rooms is None:
            return 0
        if to_edge:
            await self.rooms.count_clients(to_edge[:1])
        return await self.rooms.count_clients(from_edge)

    async def _announce(self, routes: Routes, moving: Moving) -> Mapping[str, object]:
        if self.rooms is not None and moving.to_edge:
            served_from_ms = routes.since_ms + SETTLE_MS
            await self.rooms.take_back(moving.to_edge, served_from_ms=served_from_ms)
        now = self.clock()
        until_ms = self._grace_end(moving.jitter_ms)
        await self.leavers.tell(
            routes.leaves_aws, routes.current, jitter_ms=moving.jitter_ms, now=now
        )
        if self.rooms is not None:
            await self._try_to_send_away(self.rooms, moving, until_ms)
        self.tasks.add(Task("sweep", until_ms))
        self.table.write(routes.announced(until_ms=until_ms))
        return _result(moving, grace_ms=until_ms - int(now * 1_000))

    async def _try_to_send_away(self, rooms: EdgeRooms, moving: Moving, until_ms: int) -> None:
        """An edge that does not answer does not stop the change: its rooms are told later."""
        try:
            await self._send_away(
                rooms, moving.from_edge, jitter_ms=moving.jitter_ms, close_at_ms=until_ms
            )
        except Unavailable as error:
            log.warning("rooms_not_told", reason=str(error))
            self.tasks.add(Task("tell_edge", self._now_ms()))

    async def _send_away(
        self, rooms: EdgeRooms, tokens: Sequence[str], *, jitter_ms: int, close_at_ms: int
    ) -> None:
        url = self.endpoints.websocket_url
        await rooms.send_away(tokens, url=url, jitter_ms=jitter_ms, close_at_ms=close_at_ms)

    def _jitter_ms(self, *, to_edge: int = 0, to_aws: int = 0) -> int:
        """Over how long so many clients are spread, so that their new path can take them."""
        seconds = max(to_edge / EDGE_CONNECTS_PER_SECOND, to_aws / self.aws_connects_per_second)
        return int(seconds * 1_000)

    def _grace_end(self, jitter_ms: int) -> int:
        return self._now_ms() + max(self.grace_ms, jitter_ms + _SLACK_MS)

    def _now_ms(self) -> int:
        return int(self.clock() * 1_000)


def _result(moving: Moving, *, grace_ms: int) -> Mapping[str, object]:
    """What `pulumi up` keeps of the change."""
    return {
        "tokensToEdge": len(moving.to_edge),
        "tokensToAws": len(moving.from_edge),
        "clientsToEdge": moving.clients_to_edge,
        "clientsToAws": moving.clients_to_aws,
        "jitterMs": moving.jitter_ms,
        "graceMs": grace_ms,
    }
