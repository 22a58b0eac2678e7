"""What a change of route needs of the world, in memory: it counts, loses, repeats and fails as told."""

# ruff: noqa: ARG002  the ports have more arguments than are looked at here

import asyncio
import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from functions.glow.errors import Unavailable
from functions.glow.routing.mover import Mover
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import EdgeHealth, Routes
from functions.glow.routing.walk import Walk
from functions.glow.sockets.subscriptions import TokenSubscription

START: Final = 1_750_000_000.0
GRACE_MS: Final = 10_000


class Died(BaseException):
    """The process ended in the middle, as one does that Lambda stops."""


class Item:
    def __init__(self, routes: Routes | None = None) -> None:
        self.routes = routes

    def read(self) -> Routes | None:
        return self.routes

    def now(self) -> Routes:
        assert self.routes is not None
        return self.routes

    def replace(self, seen: Routes | None, routes: Routes) -> bool:
        if (None if seen is None else seen.version) != (self.routes and self.routes.version):
            return False
        health = EdgeHealth() if self.routes is None else self.routes.health
        self.routes = replace(routes, health=health, version=seen.version + 1 if seen else 1)
        return True

    def replace_health(self, seen: EdgeHealth, health: EdgeHealth) -> bool:
        routes = self.now()
        if routes.health != seen:
            return False
        self.routes = replace(routes, health=health)
        return True


class Tokens:
    def __init__(self, tokens: Sequence[str], *, page_size: int) -> None:
        self._tokens = sorted(tokens)
        self._page_size = page_size
        self.pages = 0

    def page(self, cursor: str | None, *, now: float) -> tuple[Sequence[str], str | None]:
        self.pages += 1
        first = 0 if cursor is None else bisect_right(self._tokens, cursor)
        found = self._tokens[first : first + self._page_size]
        is_last = first + self._page_size >= len(self._tokens)
        return found, None if is_last else found[-1]


class AwsSide:
    """Subscriptions on AWS; `told` are those that heard MOVED since they were last at home there."""

    def __init__(self, *, page_size: int) -> None:
        self._page_size = page_size
        self._sorted: list[tuple[str, str]] = []
        self.subscribed: set[tuple[str, str]] = set()
        self.told: set[tuple[str, str]] = set()
        self.pages = 0
        self.messages = 0
        self.largest = 0

    def subscribe(self, token: str, connection_id: str) -> None:
        self.subscribed.add((token, connection_id))
        self._sorted.clear()

    def everybody(
        self, cursor: str | None, *, now: float
    ) -> tuple[Sequence[TokenSubscription], str | None]:
        self.pages += 1
        self._sorted = self._sorted or sorted(self.subscribed)
        first = 0
        if cursor is not None:
            token, connection_id = json.loads(cursor)
            first = bisect_right(self._sorted, (token, connection_id))
        found = self._sorted[first : first + self._page_size]
        is_last = first + self._page_size >= len(self._sorted)
        page = [TokenSubscription(each[1], each[0]) for each in found if each in self.subscribed]
        return page, None if is_last else json.dumps(found[-1])

    async def tell(
        self,
        subscriptions: Sequence[TokenSubscription],
        policy: Policy,
        *,
        jitter_ms: int,
        now: float,
    ) -> None:
        await asyncio.sleep(0)
        self._count(subscriptions)
        self.told.update((each.token, each.connection_id) for each in subscriptions)

    async def let_go(
        self, subscriptions: Sequence[TokenSubscription], policy: Policy, *, now: float
    ) -> None:
        await self.tell(subscriptions, policy, jitter_ms=0, now=now)
        self.subscribed.difference_update(
            (each.token, each.connection_id) for each in subscriptions
        )

    def _count(self, subscriptions: Sequence[TokenSubscription]) -> None:
        self.messages += len(subscriptions)
        self.largest = max(self.largest, len(subscriptions))


class EdgeSide:
    """Rooms; `clients` by token. An order to a room that is `away` tells all of its clients."""

    def __init__(self) -> None:
        self.answers = True
        self.clients: dict[str, set[str]] = {}
        self.told: set[tuple[str, str]] = set()
        self.away: set[str] = set()
        self.orders = 0
        self.largest = 0

    def connect(self, token: str, connection_id: str) -> None:
        self.clients.setdefault(token, set()).add(connection_id)
        if token in self.away:
            self.told.add((token, connection_id))

    async def count_clients(self, tokens: Sequence[str]) -> int:
        await self._order(tokens)
        return sum(len(self.clients.get(token, ())) for token in tokens)

    async def send_away(
        self, tokens: Sequence[str], *, url: str, jitter_ms: int, close_at_ms: int
    ) -> None:
        await self._order(tokens)
        self.away.update(tokens)
        self.told.update((token, each) for token in tokens for each in self.clients.get(token, ()))

    async def take_back(self, tokens: Sequence[str], *, served_from_ms: int) -> None:
        await self._order(tokens)
        self.away.difference_update(tokens)

    async def _order(self, tokens: Sequence[str]) -> None:
        await asyncio.sleep(0)
        self.orders += 1
        self.largest = max(self.largest, len(tokens))
        if tokens and not self.answers:
            raise Unavailable("the edge did not answer")


class Tasks:
    def __init__(self) -> None:
        self.due_ms: list[int] = []
        self.loses_the_next = False

    def add(self, due_ms: int, *, name: str) -> None:
        if not self.loses_the_next:
            self.due_ms.append(due_ms)
        self.loses_the_next = False


class World:
    """All of it, and a clock that goes on while somebody sleeps."""

    def __init__(
        self,
        tokens: Sequence[str],
        *,
        tokens_per_page: int,
        subscriptions_per_page: int,
        policy: Policy,
    ) -> None:
        self.now = START
        self.item = Item(Routes(current=policy, since_ms=int(START * 1_000)))
        self.tokens = Tokens(tokens, page_size=tokens_per_page)
        self.aws = AwsSide(page_size=subscriptions_per_page)
        self.edge = EdgeSide()
        self.tasks = Tasks()
        self.dies_after: int | None = None
        self.mover = Mover(
            table=self.item,
            known_tokens=self.tokens,
            rooms=self.edge,
            tasks=self.tasks,
            clock=lambda: self.now,
            sleep=self.sleep,
        )
        self.walk = Walk(
            table=self.item,
            known_tokens=self.tokens,
            subscriptions=self.aws,
            clients=self.aws,
            rooms=self.edge,
            websocket_url="wss://websocket.test/live",
            grace_ms=GRACE_MS,
            aws_connects_per_second=250,
            clock=self.clock,
            sleep=self.sleep,
        )

    @property
    def now_ms(self) -> int:
        return int(self.now * 1_000)

    def clock(self) -> float:
        """What a walk looks at time and again, so it is where one may die."""
        if self.dies_after is not None:
            self.dies_after -= 1
            if self.dies_after < 0:
                raise Died
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    async def run_task(self) -> None:
        """RouteWorker's share of a task that is due."""
        next_ms = await self.walk.go_on()
        if next_ms is not None:
            self.tasks.add(next_ms, name="next")

    async def run_all(self) -> int:
        """Do each task when it is due, until there is none; how many there were."""
        count = 0
        while self.tasks.due_ms:
            due_ms = min(self.tasks.due_ms)
            self.tasks.due_ms.remove(due_ms)
            self.now = max(self.now, due_ms / 1_000)
            await self.run_task()
            count += 1
        return count
