"""`ops trace` on the tables and logs of an emulated account."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from functions.glow.prices.table import PriceTable
from functions.glow.routing.policy import Policy
from functions.glow.routing.table import RouteTable
from functions.glow.update import Update
from ops.deployed import DeployedStack, logs_of
from ops.trace.evidence import Search, gather
from ops.trace.way import steps_of
from ops.verify.config import Config
from ops.verify.target import Target
from tests.functions.builders import RETENTION_SECONDS, a_token, an_update
from tests.functions.cloud import PRICES, ROUTES, Queue

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient


@pytest.fixture
def target(queue: Queue, routes: RouteTable) -> Target:
    """Its functions have logs of their own."""
    unique = uuid.uuid4().hex[:8]
    names = {slug: f"{slug}-{unique}" for slug in ("webhook", "broadcast", "edge-retry")}
    outputs = {
        "LaterQueueUrl": queue.url,
        "PriceTableName": PRICES,
        "RoutesTableName": ROUTES,
        "Routing": Policy().to_json(),
        "FunctionNames": names,
    }
    target = Target(
        deployed=DeployedStack("test", outputs),
        config=Config(webhook_secret="s", edge_secret=None, sol_usd_max_age_seconds=180),
    )
    client = logs_of(queue.url)
    for name in names.values():
        client.create_log_group(logGroupName=f"/aws/lambda/{name}")
        client.create_log_stream(logGroupName=f"/aws/lambda/{name}", logStreamName="s")
    return target


def say(target: Target, function: str, event: str, *, request: str, **fields: object) -> None:
    client: CloudWatchLogsClient = target.cloudwatch_logs
    line: Mapping[str, object] = {"message": event, "requestId": request, **fields}
    group = f"/aws/lambda/{target.deployed.function_names[function]}"
    moment = int(time.time() * 1_000)
    client.put_log_events(
        logGroupName=group,
        logStreamName="s",
        logEvents=[{"timestamp": moment, "message": json.dumps(line)}],
    )


def a_search(update: Update, *, token: str | None = None) -> Search:
    now = time.time()
    return Search(signature=update.tx_signature, token=token, since=now - 3_600, now=now + 1)


def stored(prices: PriceTable) -> Update:
    now = time.time()
    update = an_update(a_token(), timestamp=int(now))
    prices.append_all([update], now=now, retention_seconds=RETENTION_SECONDS)
    return update


def test_trade_is_followed_by_its_signature_from_log_to_log(
    target: Target, prices: PriceTable
) -> None:
    update = stored(prices)
    name = {"token": update.token, "id": update.id, "txSignature": update.tx_signature}
    say(target, "webhook", "trade_stored", request="r1", **name)
    say(target, "webhook", "webhook_answered", request="r1", WebhookTime=12, **{"Published.aws": 1})
    say(target, "webhook", "webhook_answered", request="r2", WebhookTime=99)
    say(target, "broadcast", "fan_out_done", request="r3", ids=[update.id], posted=2)
    say(target, "broadcast", "fan_out_done", request="r4", ids=["another"], posted=9)

    (evidence,) = gather(target, a_search(update))

    told = {step.name: (step.state, step.seen) for step in steps_of(evidence)}
    assert told == {
        "traded": ("done", f"{update.price:f} SOL, slot {update.slot}"),
        "received": ("done", "answered after 12 ms"),
        "stored": ("done", update.id),
        "published on aws": ("done", "sent to the broadcast queue"),
        "delivered on aws": ("done", "posted to 2 connections"),
    }


def test_trade_without_logs_is_found_among_the_rows_of_its_token(
    target: Target, prices: PriceTable
) -> None:
    update = stored(prices)

    (evidence,) = gather(target, a_search(update, token=update.token))

    assert evidence.row is not None
    assert evidence.row.update == update
    assert gather(target, a_search(update)) == []


def test_trade_that_never_came_has_a_way_without_a_row(target: Target, prices: PriceTable) -> None:
    update = an_update(a_token(), timestamp=int(time.time()))

    (evidence,) = gather(target, a_search(update, token=update.token))

    states = {step.name: step.state for step in steps_of(evidence)}
    assert states["received"] == states["stored"] == "missing"
