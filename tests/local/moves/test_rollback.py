"""`ops rollback` while a hundred clients listen and trades go on."""

import asyncio
from typing import Final

import pytest

from local.stack import FLAG, ROUTING, LocalStack
from ops.change import Operator
from ops.errors import OpsError
from ops.rollback.recovery import roll_back
from ops.verify.config import Config
from ops.verify.round_trip import Plan
from tests.local.moves.apps import assert_promises_kept, crowd
from tests.local.moves.traffic import trading
from tests.local.wire import Wire
from workspace.engine import ignore

TOKENS: Final = tuple(f"ROLL{number}" for number in range(5))
CLIENTS_PER_TOKEN: Final = 20
PLAN: Final = Plan(trades=3, limits_ms={"aws": 600_000, "edge": 600_000})
# So many that come to AWS at once are more than the emulator takes in (local/migrate.py).
SLOWLY: Final = '{"graceSeconds": 10, "awsConnectsPerSecond": 3}'
PAUSE_SECONDS: Final = 0.6  # five trades a second, as each is sent to every client of its token
AGREES: Final = Operator(say=ignore, agrees=lambda: True)


def as_planned(_config: Config) -> Plan:
    return PLAN


def test_rollback_that_is_not_agreed_to_leaves_config_as_it_was(stack: LocalStack) -> None:
    said: list[str] = []

    with pytest.raises(OpsError, match="Not agreed to"):
        roll_back(
            stack.target,
            "aws",
            plan_for=as_planned,
            operator=Operator(say=said.append, agrees=lambda: False),
        )

    assert [line for line in said if "to update" in line], said
    assert stack.config_get(FLAG) == "true"


@pytest.mark.timeout(900)
async def test_hundred_clients_miss_nothing_and_see_nothing_twice_while_the_stack_is_rolled_back(
    stack: LocalStack, wire: Wire
) -> None:
    before = stack.config_get(ROUTING)
    stack.config_set(ROUTING, SLOWLY)
    async with crowd(TOKENS, api=wire.rest_url, apps_per_token=CLIENTS_PER_TOKEN) as apps:
        async with trading(wire, TOKENS, pause_seconds=PAUSE_SECONDS) as sent:
            back = await asyncio.to_thread(
                roll_back, stack.target, "aws", plan_for=as_planned, operator=AGREES
            )
            for app in apps:
                await app.wait_for_path("aws")
        for app in apps:
            await app.hear_all(sent.taken[app.token])
            assert_promises_kept(app)

    stack.config_set(ROUTING, before)
    forth = await asyncio.to_thread(
        roll_back, stack.target, "edge", plan_for=as_planned, operator=AGREES
    )

    assert len(apps) == len(TOKENS) * CLIENTS_PER_TOKEN
    for done in (back, forth):
        assert done.recovered_seconds is not None, done.findings
        assert done.recovered_seconds > done.up_seconds
    assert {finding.name for finding in back.findings} >= {"webhook → aws client", "AWS health"}
    assert stack.config_get(FLAG) == "true"
    stack.preview(expect_no_changes=True)
