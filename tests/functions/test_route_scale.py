"""A change of route with as many tokens and connections as a busy stack has.

The ports are in memory: what is held here is how much is asked of them. test_route_change.py has the
real tables.
"""

import pytest

from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import EdgeHealth
from functions.glow.routing.walk import BUDGET_SECONDS, EDGE_CONNECTS_PER_SECOND
from tests.unit.route_world import World

AWS, EDGE = Policy(), Policy(edge_is_on=True)
TOKENS = 100_000
CONNECTIONS = 100_000
TOKENS_PER_PAGE = 2_000
SUBSCRIPTIONS_PER_PAGE = 500
SUBSCRIPTION_PAGES = CONNECTIONS // SUBSCRIPTIONS_PER_PAGE
TOKEN_PAGES = TOKENS // TOKENS_PER_PAGE


def a_world(policy: Policy) -> World:
    tokens = [f"T{number:06}" for number in range(TOKENS)]
    return World(
        tokens,
        tokens_per_page=TOKENS_PER_PAGE,
        subscriptions_per_page=SUBSCRIPTIONS_PER_PAGE,
        policy=policy,
    )


def with_listeners_on_aws(world: World, *, tokens: int) -> None:
    for number in range(CONNECTIONS):
        world.aws.subscribe(f"T{number % tokens:06}", f"connection-{number}")


@pytest.mark.parametrize("tokens", [1, 100, TOKENS])
async def test_everybody_on_aws_is_told_once_whatever_the_tokens(tokens: int) -> None:
    world = a_world(AWS)
    with_listeners_on_aws(world, tokens=tokens)

    await world.mover.apply(EDGE)
    await world.run_all()

    # Once to go, and once more those that stayed: here all do.
    assert world.aws.messages == 2 * CONNECTIONS
    assert world.aws.subscribed == set()
    assert world.aws.largest <= SUBSCRIPTIONS_PER_PAGE
    assert world.aws.pages <= 2 * (SUBSCRIPTION_PAGES + 1)
    assert world.tokens.pages <= 2 * TOKEN_PAGES + 1
    assert world.item.now().work is None


async def test_rooms_are_ordered_by_the_page_and_no_table_of_aws_is_read_for_them() -> None:
    world = a_world(EDGE)
    for number in range(CONNECTIONS):
        world.edge.connect(f"T{number:06}", f"connection-{number}")

    await world.mover.apply(AWS)
    await world.run_all()

    assert len(world.edge.told) == CONNECTIONS
    assert world.edge.largest <= TOKENS_PER_PAGE
    assert world.edge.orders <= 2 * TOKEN_PAGES + TOKEN_PAGES + 1
    assert world.aws.pages == 0
    assert world.item.now().work is None


async def test_clients_are_told_as_fast_as_their_new_path_takes_them() -> None:
    world = a_world(AWS)
    with_listeners_on_aws(world, tokens=100)

    await world.mover.apply(EDGE)
    settled = world.now
    while not world.item.now().is_announced:
        world.now = max(world.now, world.tasks.due_ms.pop() / 1_000)
        await world.run_task()

    [stretch] = world.item.now().previous
    assert stretch.until_ms is not None
    seconds = stretch.until_ms / 1_000 - settled
    # Not before the last was told and had its turn. The rest are waits of whole tasks and the grace.
    assert CONNECTIONS / EDGE_CONNECTS_PER_SECOND <= seconds <= 2 * CONNECTIONS / 1_000


async def test_no_task_works_for_longer_than_its_budget_and_a_page() -> None:
    world = a_world(AWS)
    with_listeners_on_aws(world, tokens=TOKENS)
    await world.mover.apply(EDGE)

    while world.tasks.due_ms:
        world.now = max(world.now, world.tasks.due_ms.pop() / 1_000)
        began, pages = world.now, world.aws.pages
        await world.run_task()
        slowest_page_seconds = 2
        assert world.now - began <= BUDGET_SECONDS + slowest_page_seconds
        if world.item.now().work is not None:
            assert world.aws.pages > pages or world.tokens.pages

    assert world.item.now().work is None


async def test_recovery_calls_a_hundred_thousand_back_and_ends() -> None:
    world = a_world(EDGE)
    with_listeners_on_aws(world, tokens=100)
    recovering = EdgeHealth(state="recovering", since_ms=world.now_ms)
    assert world.item.replace_health(EdgeHealth(), recovering)
    world.tasks.add(world.now_ms, name="recovery")

    await world.run_all()

    assert len(world.aws.told) == CONNECTIONS
    assert world.item.now().health.state == "well"
    assert world.tokens.pages == 0
