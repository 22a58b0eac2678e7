"""Which paths a trade takes while the routing item cannot be read: clients may be on any by then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from functions.glow.errors import Unavailable
from functions.glow.paths import PATHS, Path
from functions.glow.routing.cache import RouteCache
from functions.glow.routing.policy import Policy
from functions.glow.routing.reminder import Reminder
from functions.glow.routing.routes import CACHE_SECONDS, RELIABLE_SECONDS, SETTLE_MS, Routes
from functions.glow.routing.table import RouteTable
from functions.glow.trades.routed import RoutedPublisher
from functions.glow.update import Update
from tests.functions.builders import a_token, an_update
from tests.functions.cloud import ROUTES, put_routes

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# The longest that a webhook call takes, from reading the routes to publishing.
CALL_SECONDS = 0.85


class Table(RouteTable):
    """The real one; `is_away`: it does not answer."""

    is_away = False

    def read(self) -> Routes | None:
        if self.is_away:
            raise Unavailable("the routing table did not answer; send it again")
        return super().read()


class Process:
    """One that publishes. `seconds` is its clock, `taken` are the paths that updates took."""

    def __init__(self, table: RouteTable) -> None:
        self.seconds = 0.0
        self.taken: list[Path] = []
        self.cache = RouteCache(table, Policy(), clock=lambda: self.seconds)
        self._publisher = RoutedPublisher(
            self.cache, frozenset(PATHS), lambda path: Lane(path, self.taken), Reminder(NoTasks())
        )

    def publish(self) -> set[Path]:
        """The paths that an update takes now."""
        self.taken.clear()
        self.cache.refresh()
        self._publisher.publish([an_update(a_token())])
        return set(self.taken)


class Lane:
    def __init__(self, path: Path, taken: list[Path]) -> None:
        self._path, self._taken = path, taken

    def publish(self, updates: Sequence[Update]) -> None:
        self._taken += [self._path for _ in updates]


class NoTasks:
    def add(self, due_ms: int, *, name: str) -> None:
        raise AssertionError(f"no change is under way: {name} {due_ms}")


@pytest.fixture
def table(dynamodb: DynamoDBClient, routes: RouteTable) -> Table:
    """With an item that sends every token to the edge."""
    put_routes(routes, Routes(current=Policy(edge_is_on=True)))
    return Table(dynamodb, ROUTES)


def test_trade_takes_every_path_once_a_change_may_have_been_missed(table: Table) -> None:
    process = Process(table)
    assert process.publish() == {"edge"}

    table.is_away = True
    process.seconds = RELIABLE_SECONDS - 0.01
    assert process.publish() == {"edge"}
    process.seconds = RELIABLE_SECONDS
    assert process.publish() == set(PATHS)
    process.seconds += 3_600
    assert process.publish() == set(PATHS)

    table.is_away = False
    assert process.publish() == {"edge"}


def test_process_that_has_never_read_the_item_serves_every_path(table: Table) -> None:
    table.is_away = True

    assert Process(table).publish() == set(PATHS)


def test_nobody_is_sent_to_a_path_that_may_have_gone_quiet(table: Table) -> None:
    process = Process(table)
    assert process.cache.known().path("SOL", region=None, now_ms=SETTLE_MS) == "edge"

    table.is_away = True
    process.seconds = RELIABLE_SECONDS
    with pytest.raises(Unavailable):
        process.cache.known()


def test_call_that_goes_by_routes_just_reliable_has_published_before_clients_move() -> None:
    assert CACHE_SECONDS + CALL_SECONDS <= RELIABLE_SECONDS
    assert RELIABLE_SECONDS + CALL_SECONDS <= SETTLE_MS / 1_000
