"""Whatever happens to a stack and to the connections of its clients, the library keeps its promises."""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from local.cloud import LocalCloud
from local.config import AWS_REGION
from local.stack import LocalStack
from tests.local.aws import Aws
from tests.local.moves.apps import App, assert_promises_kept, following, watching
from tests.local.moves.mover import Mover
from tests.local.moves.network import Network
from tests.local.moves.stage import BASE, Stage
from tests.local.moves.traffic import Webhook, webhook
from tests.local.wire import Wire, wait_for

MAX_APPS: Final = 8
MAX_CHANGES: Final = 4
"""Of a route in one example: each takes 7 s."""

_numbers = itertools.count()


@pytest.fixture
def stage(
    stack: LocalStack, cloud: LocalCloud, mover: Mover, aws: Aws, outputs: dict[str, Any]
) -> Stage:
    return Stage(stack, cloud, mover, aws, outputs["RoutesTableName"])


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as network:
        yield network


class Moves(RuleBasedStateMachine):
    """Apps of three tokens that nobody has traded before: each on a socket of its own, or all three on
    one feed."""

    apps = Bundle("apps")
    token_numbers = st.integers(0, 2)

    def __init__(self, stage: Stage, network: Network, wire: Wire) -> None:
        super().__init__()
        self.stage = stage
        self.network = network
        self.wire = wire
        self.tokens = [f"MODEL{next(_numbers)}" for _ in range(3)]
        self.owed: dict[App, list[str]] = {}
        self.owners: dict[App, str] = {}
        self.opened = AsyncExitStack()
        self.webhook = network.run(self._open_webhook())
        self.changes_left = MAX_CHANGES
        self.has_rotated = False

    @initialize(target=apps)
    def connect_before_any_trade(self) -> MultipleResults[App]:
        return multiple(
            self._connect(0, None), self._connect(1, AWS_REGION), *self._connect_feed(None)
        )

    @precondition(lambda self: len(self.owed) < MAX_APPS)
    @rule(target=apps, number=token_numbers, region=st.sampled_from([None, AWS_REGION]))
    def connect(self, number: int, region: str | None) -> App:
        self._send(self.tokens[number])
        app = self._connect(number, region)
        # While nothing but polling works, that is where the stream begins.
        self.network.run(app.wait_for(lambda: bool(app.prices), "the newest price"))
        return app

    @precondition(lambda self: len(self.owed) + 3 <= MAX_APPS)
    @rule(target=apps, region=st.sampled_from([None, AWS_REGION]))
    def connect_feed(self, region: str | None) -> MultipleResults[App]:
        self._send(*self.tokens)
        apps = self._connect_feed(region)
        for app in apps:
            self.network.run(app.wait_for(lambda app=app: bool(app.prices), "the newest price"))
        return multiple(*apps)

    @rule(trades=st.integers(1, 5))
    def publish(self, trades: int) -> None:
        self._send(*self.tokens * trades)

    @rule(app=apps)
    def drop(self, app: App) -> None:
        self.network.drop(self.owners[app])
        self.publish(1)

    @rule(app=apps)
    def stall(self, app: App) -> None:
        self.network.stall(self.owners[app])
        self.publish(1)

    @rule(app=apps)
    def resume(self, app: App) -> None:
        self.network.resume(self.owners[app])

    @precondition(lambda self: self.changes_left)
    @rule()
    def toggle_flag(self) -> None:
        self._change(edge_is_on=not self.stage.policy.edge_is_on)

    @precondition(lambda self: self.changes_left)
    @rule(number=token_numbers)
    def move_token(self, number: int) -> None:
        tokens = self.stage.policy.edge_tokens ^ {self.tokens[number]}
        self._change(edge_tokens=tokens, edge_percent=0)

    @precondition(lambda self: self.changes_left)
    @rule(percent=st.sampled_from([0, 30, 60, 100]))
    def change_percentage(self, percent: int) -> None:
        self._change(edge_percent=percent)

    @precondition(lambda self: self.changes_left)
    @rule()
    def change_regions(self) -> None:
        self._change(aws_regions=self.stage.policy.aws_regions ^ {AWS_REGION})

    @precondition(lambda self: self.stage.edge_is_up)
    @rule()
    def kill_edge(self) -> None:
        self.stage.kill_edge()
        self.publish(2)

    @precondition(lambda self: not self.stage.edge_is_up)
    @rule()
    def restore_edge(self) -> None:
        self.stage.restore_edge()
        self.publish(1)

    @precondition(lambda self: self.stage.edge_is_up)
    @rule()
    def crash_rooms_and_hubs(self) -> None:
        self.stage.crash_edge()
        self.publish(2)

    @precondition(lambda self: self.stage.edge_is_up)
    @rule()
    def empty_hubs(self) -> None:
        """A hub without clients knows nothing any more, like one that was reset; the rooms go on."""
        for owner in dict.fromkeys(self.owners.values()):
            self.network.drop(owner)
        self.publish(2)

    @precondition(lambda self: self.stage.edge_is_up and not self.has_rotated)
    @rule()
    def rotate_secret(self) -> None:
        self.has_rotated = True
        self.stage.rotate_secret()
        self.publish(1)

    @invariant()
    def promises_are_kept(self) -> None:
        for app in self.owed:
            assert_promises_kept(app)

    def teardown(self) -> None:
        try:
            self._calm_down()
            for app, signatures in self.owed.items():
                self.network.run(app.hear_all(signatures))
            self.promises_are_kept()
        finally:
            self.network.run(self.opened.aclose())

    def _calm_down(self) -> None:
        """Leave the stack as the next example expects it."""
        for app in self.owed:
            self.resume(app)
        if not self.stage.edge_is_up:
            self.stage.restore_edge()
        self.stage.begin_move(BASE)
        self.publish(1)
        wait_for(self._edge_is_well_after_a_trade, bool, "publishers that find the edge well")
        self.stage.finish_move()

    def _edge_is_well_after_a_trade(self) -> bool:
        """Send a trade, for only a post shows that the edge is well."""
        self._send("SPARE")
        return not self.stage.edge_counts_as_down()

    def _connect(self, number: int, region: str | None) -> App:
        owner = f"app {len(self.owed)}"
        app = self.network.run(self._open_app(self.tokens[number], region), owner=owner)
        self.owed[app], self.owners[app] = [], owner
        return app

    def _connect_feed(self, region: str | None) -> list[App]:
        owner = f"feed {len(self.owed)}"
        apps = self.network.run(self._open_feed(region), owner=owner)
        for app in apps:
            self.owed[app], self.owners[app] = [], owner
        return apps

    def _change(self, **changes: Any) -> None:
        """Begin to change the policy in force, and trade meanwhile."""
        self.changes_left -= 1
        self.stage.finish_move()
        self.stage.begin_move(replace(self.stage.policy, **changes))
        self.publish(1)

    async def _open_webhook(self) -> Webhook:
        return await self.opened.enter_async_context(webhook(self.wire))

    async def _open_app(self, token: str, region: str | None) -> App:
        app = following(token, api=self.wire.rest_url, region=region)
        return await self.opened.enter_async_context(app)

    async def _open_feed(self, region: str | None) -> list[App]:
        feed = watching(self.tokens, api=self.wire.rest_url, region=region)
        return await self.opened.enter_async_context(feed)

    def _send(self, *tokens: str) -> None:
        """Send a trade of each at the same time. The paths may carry them in any order."""
        signatures = self.network.run(self._send_all(tokens))
        for app, owed in self.owed.items():
            owed += [
                signature
                for token, signature in zip(tokens, signatures, strict=True)
                if token == app.token
            ]

    async def _send_all(self, tokens: Sequence[str]) -> list[str]:
        return await asyncio.gather(*map(self.webhook.send, tokens))


@pytest.mark.timeout(900)
def test_promises_are_kept_whatever_happens(stage: Stage, network: Network, wire: Wire) -> None:
    class Here(Moves):
        def __init__(self) -> None:
            super().__init__(stage, network, wire)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=5,
            stateful_step_count=12,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],  # what fails takes minutes: no shrinking
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
