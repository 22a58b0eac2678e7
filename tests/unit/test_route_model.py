"""Whatever becomes of the tasks of a change, and whatever happens meanwhile: no client is left on a path
that went quiet without having been told, and in the end nothing is published on a path for nothing."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from functions.glow.errors import Unavailable
from functions.glow.routing.policy import Policy
from functions.glow.routing.reminder import Reminder
from functions.glow.routing.suspicion import DOWN_AFTER_SECONDS, after_failure, after_success
from functions.glow.routing.work import LOST_AFTER_MS
from tests.unit.route_world import Died, World

TOKENS: Final = [f"TOKEN{number}" for number in range(5)]
POLICIES: Final = [
    Policy(),
    Policy(edge_is_on=True),
    Policy(edge_is_on=True, edge_percent=50),
    Policy(edge_is_on=True, edge_percent=0, edge_tokens=frozenset(TOKENS[:2])),
    Policy(edge_is_on=True, aws_regions=frozenset({"us-east-1"})),
    Policy(edge_is_on=True, edge_percent=0, is_dual=True),
]


class RouteChanges(RuleBasedStateMachine):
    """Clients here are as stubborn as can be: they stay where they are, whatever they are told."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(TOKENS, tokens_per_page=2, subscriptions_per_page=2, policy=POLICIES[0])
        self.clients = 0
        self.reminder = Reminder(self.world.tasks, clock=lambda: self.world.now)

    @rule(token=st.sampled_from(TOKENS))
    def connect(self, token: str) -> None:
        """A client goes where discovery says."""
        world, routes = self.world, self.world.item.now()
        self.clients += 1
        name = f"client {self.clients}"
        if routes.path(token, region=None, now_ms=world.now_ms) == "edge":
            world.edge.connect(token, name)
        else:
            world.aws.subscribe(token, name)
            if "aws" not in routes.lasting_paths(token):  # functions/connections.py
                world.aws.told.add((token, name))

    @rule(policy=st.sampled_from(POLICIES))
    def up(self, policy: Policy) -> None:
        self._run(self._apply(policy))

    @rule(policy=st.sampled_from(POLICIES))
    def up_that_dies_before_its_task_is_added(self, policy: Policy) -> None:
        self.world.tasks.loses_the_next = True
        self._run(self._apply(policy))
        self.world.tasks.loses_the_next = False

    @rule(one=st.sampled_from(POLICIES), two=st.sampled_from(POLICIES))
    def two_ups_at_once(self, one: Policy, two: Policy) -> None:
        self._run(self._apply(one), self._apply(two))

    @rule(seconds=st.sampled_from([1, 7, 12, 60]))
    def wait(self, seconds: int) -> None:
        self.world.now += seconds

    @precondition(lambda self: self.world.tasks.due_ms)
    @rule()
    def do_task(self) -> None:
        self._take_task()
        self._run(self._work())

    @precondition(lambda self: self.world.tasks.due_ms)
    @rule()
    def do_task_without_taking_it(self) -> None:
        """So it is done again, late."""
        self._run(self._work())

    @rule()
    def do_task_that_nobody_sent(self) -> None:
        self._run(self._work())

    @rule()
    def do_two_tasks_at_once(self) -> None:
        self._run(self._work(), self._work())

    @rule(policy=st.sampled_from(POLICIES))
    def up_while_a_task_is_done(self, policy: Policy) -> None:
        self._run(self._work(), self._apply(policy))

    @precondition(lambda self: self.world.tasks.due_ms)
    @rule(looks=st.integers(0, 12))
    def die_in_a_task(self, looks: int) -> None:
        """The queue hands it out again."""
        self.world.dies_after = looks
        self._run(self._work())
        self.world.dies_after = None

    @rule()
    def lose_all_tasks(self) -> None:
        self.world.tasks.due_ms.clear()

    @rule()
    def publish(self) -> None:
        """Any trade has its publisher look at the routes."""
        self.reminder.remind(self.world.item.now())

    @rule(is_lost=st.booleans())
    def have_the_edge_answer(self, is_lost: bool) -> None:
        self.world.edge.answers = True
        self._edge_answered(is_lost=is_lost)

    @rule()
    def have_the_edge_go_down(self) -> None:
        self.world.edge.answers = False
        health = self.world.item.now().health
        down = after_failure(
            health, failing_seconds=DOWN_AFTER_SECONDS, process="one", now_ms=self.world.now_ms
        )
        assert self.world.item.replace_health(health, down)

    @rule()
    def have_the_edge_refuse_orders(self) -> None:
        """No publisher noticed yet."""
        self.world.edge.answers = False

    @invariant()
    def nobody_is_left_in_silence(self) -> None:
        world, routes = self.world, self.world.item.now()
        for side, path in ((world.aws, "aws"), (world.edge, "edge")):
            # Who is at home again has to be told anew before it ends.
            side.told = {each for each in side.told if path not in routes.lasting_paths(each[0])}
        for client in world.aws.subscribed - world.aws.told:
            assert "aws" in routes.open_paths(client[0], now_ms=world.now_ms), (client, routes)
        for client in world.aws.subscribed:  # who was told may still have stayed
            assert "aws" in routes.carried(client[0]), (client, routes)
        if routes.work is not None and routes.work.owes_rooms:
            return  # rooms that cannot be told, of an edge that does not answer
        for client in self._edge_clients() - world.edge.told:
            assert "edge" in routes.open_paths(client[0], now_ms=world.now_ms), (client, routes)

    def teardown(self) -> None:
        """All is well again, and somebody trades now and then. Nothing is done for the routes."""
        world = self.world
        world.edge.answers = True
        for _ in range(4):
            world.now += LOST_AFTER_MS / 1_000
            self._edge_answered(is_lost=True)
            self.reminder.remind(world.item.now())
            asyncio.run(world.run_all())
            self.nobody_is_left_in_silence()
        routes = world.item.now()
        assert routes.to_do is None, routes
        if routes.current.edge_is_on:
            assert routes.health.state == "well", routes
            for token in TOKENS:
                assert routes.carried(token) == routes.current.paths(token), (token, routes)
        for token, client in world.aws.subscribed:
            assert "aws" in routes.open_paths(token, now_ms=world.now_ms), (token, client, routes)
        for token in TOKENS:
            assert (token in world.edge.away) <= ("edge" not in routes.current.paths(token))

    def _take_task(self) -> None:
        due_ms = self.world.tasks.due_ms.pop(0)
        self.world.now = max(self.world.now, due_ms / 1_000)

    def _edge_answered(self, *, is_lost: bool) -> None:
        """A publisher's post was taken; only those of tokens that are published there are made."""
        world, routes = self.world, self.world.item.now()
        if not any("edge" in routes.open_paths(token, now_ms=world.now_ms) for token in TOKENS):
            return
        health = after_success(routes.health, now_ms=world.now_ms)
        assert world.item.replace_health(routes.health, health)
        if health != routes.health and health.state == "recovering" and not is_lost:
            world.tasks.add(health.since_ms, name="recovery")

    def _edge_clients(self) -> set[tuple[str, str]]:
        rooms = self.world.edge.clients
        return {(token, client) for token, clients in rooms.items() for client in clients}

    def _run(self, *work: Coroutine[Any, Any, None]) -> None:
        async def run() -> None:
            await asyncio.gather(*work)

        asyncio.run(run())

    async def _apply(self, policy: Policy) -> None:
        with contextlib.suppress(Unavailable):  # it leads to an edge that does not answer
            await self.world.mover.apply(policy)

    async def _work(self) -> None:
        with contextlib.suppress(Unavailable, Died):
            await self.world.run_task()


RouteChanges.TestCase.settings = settings(
    max_examples=300,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
test_changes_of_route_keep_their_promises = RouteChanges.TestCase
