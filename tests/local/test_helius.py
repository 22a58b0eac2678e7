"""From a trade on the chain to a client: the stack's own webhook at the local Helius, by `pulumi up`."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.cloud import LocalCloud
from local.config import HELIUS_KEY
from local.helius.recordings import swap_mint
from local.stack import WEBHOOK_SECRET, LocalStack
from tests.local.helius import change, make_a_trade, registered, switch_off
from tests.local.wire import Listener, Listeners, Wire, wait_for

PRICE = pytest.approx(5.538127e-8, rel=1e-6)  # see the sources beside the recording
NEW_SECRET = "the-secret-that-helius-sends-from-now-on"


@pytest.fixture
def helius(cloud: LocalCloud, stack: LocalStack) -> str:
    del stack  # has registered its webhook
    return cloud.helius_url


@pytest.fixture
async def listener(listeners: Listeners) -> Listener:
    return await listeners.subscribed(swap_mint())


def accepted_trade(helius: str) -> dict[str, Any]:
    """A trade that was taken within Helius's second: on a busy machine perhaps not the first one."""
    (webhook,) = registered(helius)
    return wait_for(
        lambda: make_a_trade(helius),
        lambda posted: all(each["accepted"] for each in posted["deliveries"]),
        f"a post that {webhook['webhookURL']} takes",
    )


def test_up_has_registered_one_webhook_that_posts_to_the_stack(
    helius: str, outputs: dict[str, Any], wire: Wire
) -> None:
    (webhook,) = registered(helius)

    assert webhook["webhookURL"] == outputs["WebhookUrl"]
    assert webhook["webhookType"] == "raw"
    assert webhook["accountAddresses"] == [swap_mint()]
    assert webhook["authHeader"] == f"Bearer {wire.key}"
    assert webhook["active"] is True


async def test_trade_on_the_chain_reaches_a_client_and_the_table(
    helius: str, listener: Listener, wire: Wire
) -> None:
    posted = accepted_trade(helius)

    update = await listener.hear_trade({"txSignature": posted["signature"]})

    assert update["price"] == PRICE
    assert update["side"] == "buy"
    assert wire.get(f"/tokens/{swap_mint()}/price").json()["txSignature"] == posted["signature"]


@pytest.fixture
def changed_by_hand(helius: str, stack: LocalStack) -> Iterator[dict[str, Any]]:
    """The webhook, given another form and switched off; what was rotated is set back at the end."""
    (webhook,) = registered(helius)
    old = stack.webhook_key()
    change(helius, webhook, webhookType="enhanced")
    yield webhook
    stack.config_set(WEBHOOK_SECRET, old, secret=True)
    stack.run("config", "rm", f"{WEBHOOK_SECRET}Previous")
    stack.up()


@pytest.mark.timeout(600)
async def test_refresh_finds_drift_and_a_rotated_secret_loses_no_trade(
    changed_by_hand: dict[str, Any],
    helius: str,
    stack: LocalStack,
    listener: Listener,
) -> None:
    as_enhanced = accepted_trade(helius)
    assert (await listener.hear_trade({"txSignature": as_enhanced["signature"]}))["price"] == PRICE
    switch_off(helius, changed_by_hand)
    old = stack.webhook_key()
    stack.config_set(WEBHOOK_SECRET, NEW_SECRET, secret=True)
    stack.config_set(f"{WEBHOOK_SECRET}Previous", old, secret=True)

    printed = stack.run("up", "--yes", "--refresh", "--run-program", "--diff")

    assert registered(helius) == [
        changed_by_hand | {"authHeader": f"Bearer {NEW_SECRET}", "active": True}
    ]
    for secret in (old, NEW_SECRET, HELIUS_KEY):
        assert secret not in printed
        assert secret not in stack.run("stack", "export")
    with_new_secret = accepted_trade(helius)
    await listener.hear_trade({"txSignature": with_new_secret["signature"]})
