"""The edge path on a deployed stack: the flag, faults of the edge, rotation of its secret."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from local.cloud import LocalCloud
from local.stack import LocalStack
from ops.change import Operator
from ops.redrive import move_back
from ops.rotate.command import Done, take_step
from ops.rotate.rotation import Name
from ops.rotate.usage import Window
from tests.local.aws import Aws
from tests.local.edge.options import switch_options
from tests.local.wire import Listener, Listeners, Message, Wire, a_trade, wait_for

YEARS_AGO = "1230768000-000000000000-0"
GUIDE_BODY = {"price": 0.0025, "timestamp": 1_790_000_000}


def broadcast(edge_url: str, token: str, secret: str) -> httpx.Response:
    """Post to the worker as the old guide says."""
    return httpx.post(
        f"{edge_url}/broadcast/{token}",
        json=GUIDE_BODY,
        headers={"authorization": f"Bearer {secret}"},
        timeout=60,
    )


def test_the_checks_of_the_old_guide_answer_as_it_says(
    stack: LocalStack, wire: Wire, edge_url: str
) -> None:
    assert wire.get("/health/live").json()["status"] == "healthy"
    assert httpx.get(f"{edge_url}/health").json()["status"] == "healthy"
    secret = stack.config_get("glow:EdgeBroadcastSecret")
    assert broadcast(edge_url, "TEST_TOKEN", secret).json() == {"success": True, "connections": 0}


def test_second_up_changes_nothing_with_every_option_on(stack: LocalStack, aws: Aws) -> None:
    """Analytics is seen in `tests/worker`, the guard in `tests/functions`: here they are deployed."""
    stack.preview(expect_no_changes=True)

    for function in aws.client("lambda").list_functions()["Functions"]:
        assert function["TracingConfig"]["Mode"] == "Active", function["FunctionName"]
        assert _key_state(aws, function["KMSKeyArn"]) == "Enabled", function["FunctionName"]


def _key_state(aws: Aws, arn: str) -> str:
    return aws.client("kms").describe_key(KeyId=arn)["KeyMetadata"]["KeyState"]


async def test_trade_reaches_the_client_at_the_edge(
    wire: Wire, edge_url: str, listeners: Listeners
) -> None:
    listener = await listeners.at_edge(edge_url, "EDGE")
    other = await listeners.at_edge(edge_url, "OTHER")
    trade = a_trade()

    wire.send(trade, token="EDGE")

    update = await listener.hear_trade(trade)
    assert update == wire.get("/tokens/EDGE/price").json()
    await other.say({"type": "ping"})
    await other.hear_type("pong")
    assert other.updates == []


async def test_client_that_comes_back_gets_what_it_missed(
    wire: Wire, edge_url: str, listeners: Listeners
) -> None:
    first = await listeners.at_edge(edge_url, "BACK")
    seen, missed = a_trade(), [a_trade(), a_trade()]
    wire.send(seen, token="BACK")
    cursor = (await first.hear_trade(seen))["id"]
    for trade in missed:
        wire.send(trade, token="BACK")
    await first.hear_trade(missed[-1])

    back = await listeners.at_edge(edge_url, "BACK", after=cursor)

    await back.hear_trade(missed[-1])
    assert back.signatures() == [trade["txSignature"] for trade in missed]


# The functions that follow the routes, and the call that announces the change.
FOLLOWERS = {
    "glow-connections-function",
    "glow-discovery-function",
    "glow-later-function",
    "glow-quotes-function",
    "glow-route-control-change",
    "glow-webhook-function",
}


@pytest.mark.timeout(400)
async def test_flag_moves_the_stream_and_changes_nothing_but_what_follows_the_routes(
    stack: LocalStack, wire: Wire, edge_url: str, listeners: Listeners
) -> None:
    on_aws = await listeners.subscribed("FLAG")
    at_edge = await listeners.at_edge(edge_url, "FLAG")
    before, within_grace, back = a_trade(), a_trade(), a_trade()
    wire.send(before, token="FLAG")
    await at_edge.hear_trade(before)

    stack.config_set("USE_EDGE_BROADCAST", "false")
    assert _resources_that_would_change(stack) == FOLLOWERS
    stack.up()
    wire.send(within_grace, token="FLAG")
    for listener in (on_aws, at_edge):
        await listener.hear_trade(within_grace)
    moved = await at_edge.hear_type("MOVED")
    assert (moved["path"], moved["url"]) == ("aws", wire.websocket_url)
    assert wire.get("/connect/FLAG").json()["path"] == "aws"

    stack.config_set("USE_EDGE_BROADCAST", "true")
    assert _resources_that_would_change(stack) == FOLLOWERS
    stack.up()
    again = await listeners.at_edge(edge_url, "FLAG")
    wire.send(back, token="FLAG")
    await again.hear_trade(back)
    assert (await on_aws.hear_type("MOVED"))["path"] == "edge"
    assert wire.get("/connect/FLAG").json()["path"] == "edge"


def _resources_that_would_change(stack: LocalStack) -> set[str]:
    plan = json.loads(stack.run("preview", "--json"))
    return {
        step["urn"].rsplit("::", 1)[1]
        for step in plan["steps"]
        if step["op"] != "same" and "pulumi:pulumi:Stack" not in step["urn"]
    }


@pytest.mark.timeout(300)
async def test_edge_that_is_down_is_owed_and_gets_each_trade_once(
    cloud: LocalCloud,
    wire: Wire,
    edge_url: str,
    aws: Aws,
    outputs: dict[str, Any],
    listeners: Listeners,
) -> None:
    on_aws = await listeners.subscribed("DOWN")
    trades = [a_trade() for _ in range(7)]  # more than the failures that open the circuit
    cloud.stop_cloudflare()
    try:
        for trade in trades:
            wire.send(trade, token="DOWN")
            await on_aws.hear_trade(trade)  # AWS connections hear it at once
    finally:
        cloud.start_cloudflare()

    # Its new room reads from the table what is still owed to it; what is delivered later is no repeat.
    at_edge = await listeners.at_edge(edge_url, "DOWN", after=YEARS_AGO)
    await _hear_all(at_edge, trades)
    wait_for(lambda: aws.queued(outputs["EdgeRetryQueueUrl"]), lambda n: n == 0, "no debts left")
    assert at_edge.signatures() == [trade["txSignature"] for trade in trades]
    assert on_aws.signatures() == [trade["txSignature"] for trade in trades]


@pytest.mark.timeout(400)
async def test_edge_that_stays_away_leaves_dead_letters_which_a_redrive_settles(
    cloud: LocalCloud,
    wire: Wire,
    edge_url: str,
    aws: Aws,
    outputs: dict[str, Any],
    listeners: Listeners,
) -> None:
    owed, newer = [a_trade(), a_trade()], a_trade()
    dead = outputs["EdgeRetryDeadLetterQueueUrl"]
    cloud.stop_cloudflare()
    try:
        for trade in owed:
            wire.send(trade, token="AWAY")
        wait_for(lambda: aws.queued(dead), lambda number: number == 2, "two dead letters")
    finally:
        cloud.start_cloudflare()
    listener = await listeners.at_edge(edge_url, "AWAY", after=YEARS_AGO)
    await _hear_all(listener, owed)  # the new room has read them from the table
    await _hear_at_edge(wire, listener, newer)  # a newer trade does not wait for older ones

    back = move_back(
        aws.client("sqs"), dead_letters_url=dead, queue_url=outputs["EdgeRetryQueueUrl"]
    )

    assert (back.moved, back.left) == (2, 0)
    retry = outputs["EdgeRetryQueueUrl"]
    wait_for(lambda: aws.queued(retry), lambda number: number == 0, "no debts left")
    await listener.say({"type": "ping"})
    await listener.hear_type("pong")
    assert listener.signatures() == [trade["txSignature"] for trade in [*owed, newer]]


async def _hear_at_edge(wire: Wire, listener: Listener, trade: Message) -> None:
    """Send `trade`. If the webhook's circuit is still open, the retry lane delivers it a second later."""
    wire.send(trade, token="AWAY")
    await listener.hear_trade(trade)


async def _hear_all(listener: Listener, trades: list[Message]) -> None:
    wanted = {trade["txSignature"] for trade in trades}
    await listener.hear(lambda heard: wanted <= set(heard.signatures()), "every trade")


@pytest.mark.timeout(400)
async def test_secret_is_rotated_and_options_go_in_two_ups_and_no_broadcast_is_refused(
    stack: LocalStack,
    wire: Wire,
    edge_url: str,
    aws: Aws,
    outputs: dict[str, Any],
    listeners: Listeners,
) -> None:
    old, printed = stack.config_get("glow:EdgeBroadcastSecret"), list[str]()
    operator = Operator(say=printed.append, agrees=lambda: True)
    now = datetime.now(UTC)

    async def step_at(now: datetime) -> Done:
        window = Window(now=now, minutes=15)
        return await asyncio.to_thread(take_step, stack.target, Name.EDGE, window, operator)

    (key,) = {each["KMSKeyArn"] for each in aws.client("lambda").list_functions()["Functions"]}
    switch_options(stack, on=False)
    stack.config_set("kmsPrevious", "true")
    begun = await step_at(now)
    assert _key_state(aws, key) == "Enabled"  # it can still read what lies in the queues
    new = stack.config_get("glow:EdgeBroadcastSecret")
    await _assert_trade_is_heard_on_both_paths(wire, edge_url, listeners)
    assert broadcast(edge_url, "ROTATE", old).status_code == 200

    refused = await step_at(now + timedelta(minutes=5))
    assert broadcast(edge_url, "ROTATE", old).status_code == 200

    stack.config_set("kmsPrevious", "false")
    ended = await step_at(now + timedelta(hours=1))
    assert _key_state(aws, key) == "PendingDeletion"
    await _assert_trade_is_heard_on_both_paths(wire, edge_url, listeners)
    assert broadcast(edge_url, "ROTATE", old).status_code == 401

    steps = [(done.step, done.is_well) for done in (begun, refused, ended)]
    assert steps == [("begun", True), ("refused", False), ("ended", True)], (begun, refused, ended)
    assert aws.queued(outputs["EdgeRetryQueueUrl"]) == 0
    shown = stack.run("stack", "export") + "\n".join(printed) + repr((begun, refused, ended))
    assert old not in shown
    assert new not in shown


async def _assert_trade_is_heard_on_both_paths(
    wire: Wire, edge_url: str, listeners: Listeners
) -> None:
    on_aws = await listeners.subscribed("ROTATE")
    at_edge = await listeners.at_edge(edge_url, "ROTATE")
    trade = a_trade()
    wire.send(trade, token="ROTATE")
    for listener in (on_aws, at_edge):
        await listener.hear_trade(trade)
