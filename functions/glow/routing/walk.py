"""Goes on with what a change of route makes of work, as far as it is due.

A page of tokens or of subscriptions at a time, each with the routes as they are then. So nothing here
grows with their number: neither the memory nor the time that a call takes. A page that failed half way,
or was done twice, has told some clients twice, which is harmless.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from functions.glow import log
from functions.glow.errors import Unavailable
from functions.glow.routing.ports import AwsClients, Rooms, RouteItem, SubscriptionPages, TokenPages
from functions.glow.routing.routes import SETTLE_MS, EdgeHealth, Routes
from functions.glow.routing.work import Work

# Of the 120 s that the function has. The slowest page takes 60 s: 500 clients of whom each hangs.
BUDGET_SECONDS: Final = 30
# What is due so soon is waited for. The rest comes again as a task of its own.
SHORT_WAIT_SECONDS: Final = 2
# A quarter of what a room takes (docs/performance.md): it goes on serving meanwhile.
EDGE_CONNECTS_PER_SECOND: Final = 1_000
MAX_JITTER_MS: Final = 60 * 60 * 1_000  # what the worker takes (worker/limits.js)
# After a client's turn: it has to connect and be served before its old path ends.
_SLACK_MS: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Page:
    """What follows a page of a step: the next one's cursor, None if there is none, and how long to wait
    before it, so that the new path can take in the clients of this one."""

    cursor: str | None = None
    jitter_ms: int = 0


_NO_PAGE: Final = _Page()


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Carries changes out. `rooms` is None where the stack has no edge."""

    table: RouteItem
    known_tokens: TokenPages
    subscriptions: SubscriptionPages
    clients: AwsClients
    rooms: Rooms | None
    websocket_url: str
    grace_ms: int
    aws_connects_per_second: int
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]

    async def go_on(self) -> int | None:
        """Do what is due now, for BUDGET_SECONDS and a page. When to go on, in Unix ms; None: nothing
        is left, or another process goes on. Raises Unavailable."""
        ends_at = self.clock() + BUDGET_SECONDS
        while True:
            routes = self.table.read()
            work = None if routes is None else routes.to_do
            if routes is None or work is None:
                return None
            wait_seconds = max(0.0, work.due_ms / 1_000 - self.clock())
            if wait_seconds > SHORT_WAIT_SECONDS or self.clock() + wait_seconds >= ends_at:
                return max(work.due_ms, self._now_ms())
            if wait_seconds:
                await self.sleep(wait_seconds)
                continue  # with the routes as they are then
            if not self.table.replace(routes, await self._after_page(routes, work)):
                log.info("route_work_taken_over", step=work.step)
                return None

    async def _after_page(self, routes: Routes, work: Work) -> Routes:
        """The routes after the next page of the work, which is done before."""
        match work.step:
            case "serve":
                return self._went_on(routes, work, await self._serve(routes, work))
            case "tell":
                return self._went_on(routes, work, await self._tell(routes, work))
            case "leave":
                return await self._leave(routes, work)
            case "end":
                return self._end(routes, work)
            case "sweep":
                return await self._sweep(routes, work)

    async def _serve(self, routes: Routes, work: Work) -> _Page:
        """Before any client is sent there. Until the edge has taken it, both paths are served."""
        if self.rooms is None or routes.is_announced:
            return _NO_PAGE
        tokens, cursor = self.known_tokens.page(work.cursor, now=self.clock())
        coming = [token for token in tokens if routes.comes_to_edge(token)]
        await self.rooms.take_back(coming, served_from_ms=routes.since_ms + SETTLE_MS)
        log.info("rooms_told_to_serve", rooms=len(coming))
        return _Page(cursor)

    async def _tell(self, routes: Routes, work: Work) -> _Page:
        if not routes.current.edge_is_on:
            return _NO_PAGE
        now = self.clock()
        subscriptions, cursor = self.subscriptions.everybody(work.cursor, now=now)
        leaving = [each for each in subscriptions if routes.leaves_aws(each.token)]
        jitter_ms = len(leaving) * 1_000 // EDGE_CONNECTS_PER_SECOND
        await self.clients.tell(leaving, routes.current, jitter_ms=jitter_ms, now=now)
        log.info("clients_told_to_leave_aws", clients=len(leaving))
        return _Page(cursor, jitter_ms)

    async def _leave(self, routes: Routes, work: Work) -> Routes:
        """An edge that does not answer does not stop the change: its rooms are told after it."""
        try:
            page = await self._send_away(routes, work)
        except Unavailable as error:
            if routes.is_announced:
                raise
            log.warning("rooms_not_told", reason=str(error))
            return self._went_on(routes, replace(work, owes_rooms=True), _NO_PAGE)
        if page.cursor is None:
            work = replace(work, owes_rooms=False)
        return self._went_on(routes, work, page)

    async def _send_away(self, routes: Routes, work: Work) -> _Page:
        if self.rooms is None or (routes.is_announced and not work.owes_rooms):
            return _NO_PAGE
        tokens, cursor = self.known_tokens.page(work.cursor, now=self.clock())
        leaving = [token for token in tokens if routes.leaves_edge(token)]
        clients = await self.rooms.count_clients(leaving)
        jitter_ms = min(clients * 1_000 // self.aws_connects_per_second, MAX_JITTER_MS)
        close_at_ms = self._now_ms() + max(self.grace_ms, jitter_ms + _SLACK_MS)
        # A room without clients is told, too: one may come that was sent there a moment ago.
        await self.rooms.send_away(
            leaving, url=self.websocket_url, jitter_ms=jitter_ms, close_at_ms=close_at_ms
        )
        log.info("rooms_told_to_leave", rooms=len(leaving), clients=clients)
        return _Page(cursor, jitter_ms)

    def _end(self, routes: Routes, work: Work) -> Routes:
        """Now that the last client was told and had its turn, and not before."""
        now_ms = self._now_ms()
        until_ms = now_ms + max(self.grace_ms, _SLACK_MS)
        ends = [until_ms for stretch in routes.previous if stretch.until_ms is None]
        health = routes.health
        if health.is_unannounced_recovery:
            # A health that was changed meanwhile is left as it is: what it asks for is seen next time.
            self.table.replace_health(health, replace(health, until_ms=until_ms))
            ends.append(until_ms)
        ends += [until_ms for until_ms in _known_ends(routes) if until_ms > now_ms]
        swept_from_ms = max(ends, default=now_ms)
        after = work.after(None, due_ms=swept_from_ms, now_ms=now_ms)
        return replace(routes.announced(until_ms=until_ms), work=after)

    async def _sweep(self, routes: Routes, work: Work) -> Routes:
        page = await self._let_go(routes, work)
        if page.cursor is not None:
            return self._went_on(routes, work, page)
        now_ms, health = self._now_ms(), routes.health
        if health.state == "recovering" and not health.needs_aws(now_ms):
            self.table.replace_health(health, EdgeHealth(since_ms=now_ms))
        log.info("route_work_done", owes_rooms=work.owes_rooms)
        return replace(routes.swept(now_ms=now_ms), work=work.swept(now_ms=now_ms))

    async def _let_go(self, routes: Routes, work: Work) -> _Page:
        if not routes.current.edge_is_on:
            return _NO_PAGE
        now = self.clock()
        subscriptions, cursor = self.subscriptions.everybody(work.cursor, now=now)
        left = [
            each
            for each in subscriptions
            if "aws" not in routes.open_paths(each.token, now_ms=int(now * 1_000))
        ]
        await self.clients.let_go(left, routes.current, now=now)
        return _Page(cursor)

    def _went_on(self, routes: Routes, work: Work, page: _Page) -> Routes:
        now_ms = self._now_ms()
        after = work.after(page.cursor, due_ms=now_ms + page.jitter_ms, now_ms=now_ms)
        return replace(routes, work=after)

    def _now_ms(self) -> int:
        return int(self.clock() * 1_000)


def _known_ends(routes: Routes) -> list[int]:
    """When the graces end that are written down."""
    of_health = routes.health.until_ms if routes.health.state == "recovering" else None
    ends = [*(stretch.until_ms for stretch in routes.previous), of_health]
    return [until_ms for until_ms in ends if until_ms is not None]
