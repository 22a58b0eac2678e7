"""Tokens move between the paths while trades go on, and the clients of the library miss nothing."""

import asyncio
from collections.abc import Sequence
from typing import Final

import pytest

from functions.glow.routing.policy import Policy
from local.cloud import LocalCloud
from local.stack import FLAG, LocalStack
from tests.local.moves.apps import App, assert_promises_kept, crowd
from tests.local.moves.mover import Mover
from tests.local.moves.traffic import HELIUS_REPEATS, Webhook, trading
from tests.local.wire import Listener, Listeners, Wire

EDGE: Final = Policy(edge_is_on=True)
"""What is deployed; each test ends with it."""


@pytest.mark.timeout(900)
async def test_twenty_switches_under_load_lose_nothing_and_show_nothing_twice(
    wire: Wire, mover: Mover
) -> None:
    tokens = ("SWITCH0", "SWITCH1", "SWITCH2")
    round_trip = (  # each step moves one of them at least, each of them goes both ways
        Policy(edge_is_on=False),
        Policy(edge_is_on=True, edge_percent=50),
        Policy(edge_is_on=True, edge_percent=0, edge_tokens=frozenset(tokens[:1])),
        Policy(edge_is_on=True, edge_percent=0, edge_tokens=frozenset(tokens[1:])),
        EDGE,
    )
    async with crowd(tokens, api=wire.rest_url) as apps:
        async with trading(wire, tokens) as sent:
            for policy in round_trip * 4:
                await asyncio.to_thread(mover.move, policy)
            await _all_on("edge", apps)
        await _assert_all_heard(apps, sent)


@pytest.mark.timeout(900)
async def test_flag_off_and_on_by_up_under_load_loses_nothing(
    stack: LocalStack, wire: Wire, edge_url: str, listeners: Listeners
) -> None:
    tokens = ("FLAG0", "FLAG1")
    async with crowd(tokens, api=wire.rest_url) as apps:
        async with trading(wire, tokens) as sent:
            at_edge = await listeners.at_edge(edge_url, "FLAG0")
            off = await _deploy_flag(stack, "false", sent.taken["FLAG0"], told=at_edge)
            await _all_on("aws", apps)
            on_aws = await listeners.subscribed("FLAG0")
            on = await _deploy_flag(stack, "true", sent.taken["FLAG0"], told=on_aws)
            await _all_on("edge", apps)
        await _assert_all_heard(apps, sent)
    await _assert_raw_client_heard(at_edge, off, moved_to="aws")
    await _assert_raw_client_heard(on_aws, on, moved_to="edge")
    # The webhook's own 850 ms hold here too, so what a busy machine cannot do in them comes again.
    assert all(len(failures) <= HELIUS_REPEATS for failures in sent.mended.values()), sent.mended
    stack.preview(expect_no_changes=True)


@pytest.mark.timeout(900)
async def test_edge_that_goes_down_and_comes_back_under_load_loses_nothing(
    cloud: LocalCloud, wire: Wire
) -> None:
    tokens = ("DOWN0", "DOWN1")
    async with crowd(tokens, api=wire.rest_url) as apps:
        async with trading(wire, tokens) as sent:
            cloud.stop_cloudflare()
            try:
                await _all_on("aws", apps)
            finally:
                cloud.start_cloudflare()
            await _all_on("edge", apps)
        await _assert_all_heard(apps, sent)


async def _deploy_flag(
    stack: LocalStack, value: str, taken: list[str], *, told: Listener
) -> list[str]:
    """Those of the trades that are `taken` until the raw client `told` hears that it has to move.

    It is served for a grace from then on. On a busy machine the rest of the `up` takes longer.
    """
    first = len(taken)
    await asyncio.to_thread(stack.config_set, FLAG, value)
    deploying = asyncio.create_task(asyncio.to_thread(stack.up))
    await told.hear_type("MOVED")
    until_told = taken[first:]
    await deploying
    return until_told


async def _all_on(path: str, apps: Sequence[App]) -> None:
    for app in apps:
        await app.wait_for_path(path)


async def _assert_all_heard(apps: Sequence[App], sent: Webhook) -> None:
    for app in apps:
        await app.hear_all(sent.taken[app.token])
        assert_promises_kept(app)
        assert "closed" not in {state.state for state in app.states}


async def _assert_raw_client_heard(
    raw: Listener, signatures: Sequence[str], *, moved_to: str
) -> None:
    """It is served until the end of the grace, though its token has moved."""
    wanted = set(signatures)
    await raw.hear(lambda heard: wanted <= set(heard.signatures()), "every trade")
    assert (await raw.hear_type("MOVED"))["path"] == moved_to
