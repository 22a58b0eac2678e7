"""The broadcast worker: frames, order, and which failures may fail a record."""

from __future__ import annotations

import time
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from functions.glow.prices.table import PriceTable
from functions.glow.sockets import post
from functions.glow.sockets.delivery import MAX_TRIES
from functions.glow.sockets.fanout import MAX_BLAMED
from functions.glow.sockets.subscriptions import Subscription, SubscriptionTable
from functions.glow.update import Update
from tests.functions.builders import (
    RETENTION_SECONDS,
    Context,
    a_batch,
    a_record,
    a_token,
    an_update,
    failures,
    updates_of,
)
from tests.functions.cloud import CONNECTIONS, Queue, listeners
from tests.functions.conftest import Listen, Load
from tests.functions.endpoint import NEVER, Endpoint, heard

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def broadcast(load: Load) -> ModuleType:
    return load("broadcast")


def send(broadcast: ModuleType, *updates: Update, context: Context | None = None) -> list[str]:
    """Hand `updates` over as one batch; the ids of those that have to come again."""
    records = [
        a_record(update.to_json(), group=update.token, message_id=update.id) for update in updates
    ]
    return failures(broadcast.handler(a_batch(records), context or Context()))


def test_each_client_hears_its_own_token(
    broadcast: ModuleType, endpoint: Endpoint, listen: Listen
) -> None:
    first, second = an_update(a_token()), an_update(a_token())
    [one], [other] = listen(first.token), listen(second.token)

    assert send(broadcast, first, second) == []
    assert heard(endpoint, one) == [first.to_dict()]
    assert heard(endpoint, other) == [second.to_dict()]


def test_updates_of_a_token_go_in_one_frame_in_the_order_of_the_queue(
    broadcast: ModuleType, endpoint: Endpoint, listen: Listen
) -> None:
    early, late = updates_of(a_token(), 2)
    [client] = listen(early.token)

    send(broadcast, late, early)

    assert heard(endpoint, client) == [
        {
            "type": "PRICE_BATCH",
            "token": early.token,
            "updates": [late.to_dict(), early.to_dict()],
        }
    ]


def test_delivery_latest_gets_the_newest_stored_price_and_never_a_late_one(
    broadcast: ModuleType, endpoint: Endpoint, listen: Listen, prices: PriceTable
) -> None:
    late, newest = updates_of(a_token(), 2)
    clients = listen(late.token, 3, "latest")
    now = time.time()
    prices.append_all([late, newest], now=now, retention_seconds=RETENTION_SECONDS)

    send(broadcast, late)

    assert [heard(endpoint, client) for client in clients] == [[newest.to_dict()]] * 3


def test_poison_is_a_dead_letter_with_its_reason_and_its_nine_neighbours_are_sent(
    broadcast: ModuleType, endpoint: Endpoint, listen: Listen, dead_letters: Queue
) -> None:
    updates = updates_of(a_token(), 9)
    [client] = listen(updates[0].token)
    records = [a_record(update.to_json()) for update in updates]
    records.insert(4, a_record('{"type":"PRICE_UPDATE","token":"../etc"}', group="poisoned"))

    answer = broadcast.handler(a_batch(records), Context())
    [dead_letter] = dead_letters.take()

    assert failures(answer) == []
    assert heard(endpoint, client)[0]["updates"] == [update.to_dict() for update in updates]
    assert dead_letter["body"] == records[4]["body"]
    assert dead_letter["attributes"]["MessageGroupId"] == "poisoned"
    assert dead_letter["attributes"]["MessageDeduplicationId"] == records[4]["messageId"]
    assert "token" in dead_letters.reasons[0]


def test_poison_that_the_dead_letter_queue_does_not_take_is_handed_out_again(load: Load) -> None:
    broadcast = load("broadcast", BROADCAST_DEAD_LETTER_QUEUE_URL="http://127.0.0.1:9/1/x.fifo")
    record = a_record("not JSON")

    assert failures(broadcast.handler(a_batch([record]), Context())) == [record["messageId"]]


def test_client_that_left_is_deleted_and_fails_nothing(
    broadcast: ModuleType, endpoint: Endpoint, listen: Listen, subscriptions: SubscriptionTable
) -> None:
    update = an_update(a_token())
    gone, here = listen(update.token, 2)
    endpoint.behaviour.statuses[gone] = 410

    assert send(broadcast, update) == []
    assert listeners(subscriptions, update.token) == [Subscription(here, "all")]
    assert endpoint.tries[gone] == 1


def test_client_that_is_throttled_holds_up_none_of_a_thousand_healthy_ones(
    broadcast: ModuleType, endpoint: Endpoint, listen: Listen, later: Queue
) -> None:
    update = an_update(a_token())
    stuck, *healthy = listen(update.token, 1_001)
    endpoint.behaviour.statuses[stuck] = 429

    assert send(broadcast, update) == []
    assert all(heard(endpoint, client) == [update.to_dict()] for client in healthy)
    assert endpoint.tries[stuck] == MAX_TRIES
    assert endpoint.closed == []
    assert later.size() == 1


@pytest.mark.parametrize("status", [429, 500, 403])
def test_when_most_cannot_be_served_the_record_comes_again_and_no_row_is_lost(
    broadcast: ModuleType,
    endpoint: Endpoint,
    listen: Listen,
    subscriptions: SubscriptionTable,
    status: int,
) -> None:
    updates = updates_of(a_token(), 2)
    clients = listen(updates[0].token, MAX_BLAMED + 1)
    endpoint.behaviour.statuses["*"] = status
    other = an_update(a_token())
    [unaffected] = listen(other.token)
    endpoint.behaviour.statuses[unaffected] = 200

    assert send(broadcast, updates[0], other, updates[1]) == [update.id for update in updates]
    assert len(listeners(subscriptions, updates[0].token)) == len(clients)
    assert endpoint.closed == []
    assert heard(endpoint, unaffected) == [other.to_dict()]


@pytest.mark.parametrize("count", [1, MAX_BLAMED + 1])
def test_clients_that_all_read_too_slowly_fail_no_record(
    broadcast: ModuleType, endpoint: Endpoint, listen: Listen, later: Queue, count: int
) -> None:
    update = an_update(a_token())
    for client in listen(update.token, count):
        endpoint.behaviour.statuses[client] = 429

    assert send(broadcast, update) == []
    assert later.size() == 1


def test_endpoint_that_is_down_fails_the_record_and_loses_no_row(
    load: Load, listen: Listen, subscriptions: SubscriptionTable
) -> None:
    update = an_update(a_token())
    clients = listen(update.token, 200)
    broadcast = load("broadcast", WEBSOCKET_CALLBACK_URL="http://127.0.0.1:9/prod")

    assert send(broadcast, update) == [update.id]
    assert len(listeners(subscriptions, update.token)) == len(clients)


def test_connection_table_that_is_away_fails_the_record(load: Load) -> None:
    update = an_update(a_token())
    broadcast = load("broadcast", CONNECTIONS_TABLE="missing")

    assert send(broadcast, update) == [update.id]


def test_fan_out_that_runs_out_of_time_fails_before_lambda_ends_it(
    broadcast: ModuleType,
    endpoint: Endpoint,
    listen: Listen,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(post, "POST_TIMEOUT_SECONDS", 60)
    update = an_update(a_token())
    listen(update.token)
    endpoint.behaviour.statuses["*"] = NEVER
    context = Context(seconds=broadcast.RESERVE_SECONDS + 0.2)

    assert send(broadcast, update, context=context) == [update.id]


def test_more_connections_than_a_page_are_all_served(
    broadcast: ModuleType, endpoint: Endpoint, listen: Listen
) -> None:
    update = an_update(a_token())
    clients = listen(update.token, 2_100)

    assert send(broadcast, update) == []
    assert all(heard(endpoint, client) == [update.to_dict()] for client in clients)


def test_token_nobody_listens_to_is_done_at_once(broadcast: ModuleType, endpoint: Endpoint) -> None:
    assert send(broadcast, an_update(a_token())) == []
    assert endpoint.received == {}


def test_row_that_a_lost_race_left_behind_is_deleted_with_its_410(
    broadcast: ModuleType,
    endpoint: Endpoint,
    listen: Listen,
    subscriptions: SubscriptionTable,
    dynamodb: DynamoDBClient,
) -> None:
    update = an_update(a_token())
    [client] = listen(update.token)
    dynamodb.delete_item(
        TableName=CONNECTIONS,
        Key={"pk": {"S": f"CONNECTION#{client}"}, "sk": {"S": "CONNECTION"}},
    )
    endpoint.behaviour.statuses[client] = 410

    assert send(broadcast, update) == []
    assert listeners(subscriptions, update.token) == []
