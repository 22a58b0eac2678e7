"""Connections whose posts fail: they catch up, or are closed, and nobody else notices."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from functions.glow.prices.table import PriceTable
from functions.glow.sockets.delivery import MAX_TRIES
from functions.glow.sockets.lag import LagTable
from functions.glow.sockets.subscriptions import Subscription, SubscriptionTable, subscription_key
from functions.glow.update import Update, id_at
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
from tests.functions.endpoint import Endpoint, heard, ids_heard

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

PATIENCE_SECONDS = 40

Publish = Callable[..., list[str]]


@pytest.fixture
def broadcast(load: Load) -> ModuleType:
    return load("broadcast")


@pytest.fixture
def worker(load: Load) -> ModuleType:
    return load("later")


@pytest.fixture
def publish(broadcast: ModuleType, prices: PriceTable) -> Publish:
    """Store `updates` and hand them over as one batch; the ids of those that have to come again."""

    def publish(*updates: Update) -> list[str]:
        prices.append_all(updates, now=time.time(), retention_seconds=RETENTION_SECONDS)
        return send(broadcast, *updates)

    return publish


def send(broadcast: ModuleType, *updates: Update) -> list[str]:
    records = [
        a_record(update.to_json(), group=update.token, message_id=update.id) for update in updates
    ]
    return failures(broadcast.handler(a_batch(records), Context()))


def work(worker: ModuleType, later: Queue) -> bool:
    """Do with one batch of the later queue what Lambda does; whether there was one."""
    records = later.receive(wait_seconds=1)
    if not records:
        return False
    assert failures(worker.handler(a_batch(records), Context())) == []
    for record in records:
        later.delete(record)
    return True


def work_until(is_done: Callable[[], bool], worker: ModuleType, later: Queue) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_done():
        assert time.monotonic() < deadline, f"{later.size()} messages are left"
        work(worker, later)


def until_nobody_is_behind(worker: ModuleType, later: Queue) -> None:
    work_until(lambda: later.size() == 0, worker, later)


def age_failures(dynamodb: DynamoDBClient, token: str, clients: list[str], seconds: int) -> None:
    """As if the posts to those of `clients` that are behind had begun to fail `seconds` earlier."""
    lag = LagTable(dynamodb, CONNECTIONS)
    for start in range(0, len(clients), 100):
        for lagging in lag.find(token, clients[start : start + 100], now=time.time()):
            dynamodb.update_item(
                TableName=CONNECTIONS,
                Key=subscription_key(lagging.connection_id, token),
                UpdateExpression="ADD failingSinceMs :earlier",
                ExpressionAttributeValues={":earlier": {"N": str(-1_000 * seconds)}},
            )


def test_twelve_slow_readers_of_seventeen(
    publish: Publish,
    worker: ModuleType,
    endpoint: Endpoint,
    later: Queue,
    listen: Listen,
    subscriptions: SubscriptionTable,
    dynamodb: DynamoDBClient,
) -> None:
    """The shared case S_slow_readers."""
    update = an_update(a_token())
    clients = listen(update.token, 17)
    slow, healthy = clients[:12], clients[12:]
    for client in slow:
        endpoint.behaviour.statuses[client] = 429

    assert publish(update) == []  # acknowledged
    assert work(worker, later)  # the second failure, a second later: too early to be a verdict
    assert endpoint.closed == []
    age_failures(dynamodb, update.token, slow, 10)
    until_nobody_is_behind(worker, later)

    assert all(heard(endpoint, client) == [update.to_dict()] for client in healthy)
    assert sorted(endpoint.closed) == sorted(slow)
    assert set(listeners(subscriptions, update.token)) == {
        Subscription(client, "all") for client in healthy
    }


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_throttling_at_random_closes_nobody_and_loses_nothing(
    publish: Publish,
    worker: ModuleType,
    endpoint: Endpoint,
    later: Queue,
    listen: Listen,
    subscriptions: SubscriptionTable,
    dynamodb: DynamoDBClient,
    share: float,
) -> None:
    updates = updates_of(a_token(), 4)
    token = updates[0].token
    clients = listen(token, 200)
    endpoint.behaviour.throttled_share = share

    assert [publish(update) for update in updates[:2]] == [[], []]
    age_failures(dynamodb, token, clients, 10)  # a second failure would be enough to be dropped
    work(worker, later)
    assert [publish(update) for update in updates[2:]] == [[], []]
    endpoint.behaviour.throttled_share = 0
    until_nobody_is_behind(worker, later)

    assert endpoint.closed == []
    assert len(listeners(subscriptions, token)) == len(clients)
    everything = [update.id for update in updates]
    assert all(ids_heard(endpoint, client) == everything for client in clients)


def test_who_missed_an_update_hears_it_before_any_later_one(
    publish: Publish, worker: ModuleType, endpoint: Endpoint, later: Queue, listen: Listen
) -> None:
    missed, next_one, last = updates_of(a_token(), 3)
    [client, _] = listen(missed.token, 2)
    endpoint.behaviour.statuses[client] = 429
    publish(missed)
    endpoint.behaviour.statuses[client] = 200

    publish(next_one)
    assert heard(endpoint, client) == []  # it waits, so that it hears nothing out of order
    until_nobody_is_behind(worker, later)
    publish(last)

    assert ids_heard(endpoint, client) == [missed.id, next_one.id, last.id]


def test_who_missed_what_is_not_stored_is_told_of_the_gap_first(
    broadcast: ModuleType,
    publish: Publish,
    worker: ModuleType,
    endpoint: Endpoint,
    later: Queue,
    listen: Listen,
) -> None:
    missed, next_one = updates_of(a_token(), 2)
    [client] = listen(missed.token)
    endpoint.behaviour.statuses[client] = 429
    send(broadcast, missed)  # never stored, or expired since
    endpoint.behaviour.statuses[client] = 200
    publish(next_one)
    until_nobody_is_behind(worker, later)

    after = id_at(missed.timestamp)
    assert after < missed.id
    assert heard(endpoint, client) == [
        {"type": "GAP", "token": missed.token, "after": after, "until": next_one.id},
        next_one.to_dict(),
    ]


def test_what_is_broadcast_while_a_client_catches_up_reaches_it(
    publish: Publish,
    worker: ModuleType,
    endpoint: Endpoint,
    later: Queue,
    listen: Listen,
    prices: PriceTable,
) -> None:
    missed, meanwhile, last = updates_of(a_token(), 3)
    [client] = listen(missed.token)
    endpoint.behaviour.statuses[client] = 429
    publish(missed)
    endpoint.behaviour.statuses[client] = 200

    def store_another() -> None:
        """After the replay was read, before the mark is away: the broadcast passes the client over."""
        endpoint.on_post = lambda: None
        prices.append_all([meanwhile], now=time.time(), retention_seconds=RETENTION_SECONDS)

    endpoint.on_post = store_another
    until_nobody_is_behind(worker, later)
    publish(last)

    assert ids_heard(endpoint, client) == [missed.id, meanwhile.id, last.id]


def test_late_trade_that_comes_while_a_client_is_behind_is_caught_up_too(
    publish: Publish, worker: ModuleType, endpoint: Endpoint, later: Queue, listen: Listen
) -> None:
    token = a_token()
    late = an_update(token, timestamp=1_750_000_000)
    missed = an_update(
        token, timestamp=1_750_000_300
    )  # five minutes: more than a replay looks back
    [client] = listen(token)
    endpoint.behaviour.statuses[client] = 429
    publish(missed)
    endpoint.behaviour.statuses[client] = 200
    publish(late)
    until_nobody_is_behind(worker, later)

    assert sorted(ids_heard(endpoint, client)) == [late.id, missed.id]


def test_delivery_latest_catches_up_with_the_newest_price_alone(
    publish: Publish, worker: ModuleType, endpoint: Endpoint, later: Queue, listen: Listen
) -> None:
    missed, newest = updates_of(a_token(), 2)
    [client] = listen(missed.token, 1, "latest")
    endpoint.behaviour.statuses[client] = 429
    publish(missed)
    publish(newest)
    endpoint.behaviour.statuses[client] = 200
    until_nobody_is_behind(worker, later)

    assert heard(endpoint, client) == [newest.to_dict()]


def test_client_that_left_meanwhile_is_forgotten(
    publish: Publish,
    worker: ModuleType,
    endpoint: Endpoint,
    later: Queue,
    listen: Listen,
    subscriptions: SubscriptionTable,
) -> None:
    update = an_update(a_token())
    gone, unsubscribed = listen(update.token, 2)
    endpoint.behaviour.statuses |= {gone: 429, unsubscribed: 429}
    publish(update)
    endpoint.behaviour.statuses |= {gone: 410, unsubscribed: 200}
    subscriptions.unsubscribe(unsubscribed, update.token)
    until_nobody_is_behind(worker, later)

    assert listeners(subscriptions, update.token) == []
    assert heard(endpoint, unsubscribed) == []


@pytest.mark.parametrize("status", [429, 500])
def test_endpoint_that_serves_nobody_drops_nobody(
    publish: Publish,
    worker: ModuleType,
    endpoint: Endpoint,
    later: Queue,
    listen: Listen,
    subscriptions: SubscriptionTable,
    dynamodb: DynamoDBClient,
    status: int,
) -> None:
    update = an_update(a_token())
    clients = listen(update.token, 3)
    endpoint.behaviour.statuses["*"] = status
    assert publish(update) == []
    age_failures(dynamodb, update.token, clients, 10)
    work_until(lambda: endpoint.tries[clients[0]] > MAX_TRIES, worker, later)

    assert endpoint.closed == []
    assert len(listeners(subscriptions, update.token)) == len(clients)
    assert later.size() == 1  # they are tried again


def test_socket_that_cannot_be_closed_keeps_its_rows(
    publish: Publish,
    worker: ModuleType,
    endpoint: Endpoint,
    later: Queue,
    listen: Listen,
    subscriptions: SubscriptionTable,
    dynamodb: DynamoDBClient,
) -> None:
    update = an_update(a_token())
    [client] = listen(update.token)
    endpoint.behaviour.statuses[client] = 429
    endpoint.behaviour.status_of_delete = 500
    publish(update)
    age_failures(dynamodb, update.token, [client], 10)
    work_until(lambda: client in endpoint.closed, worker, later)

    assert len(listeners(subscriptions, update.token)) == 1  # deleted, it would never be told
    assert later.size() == 1


def test_later_queue_that_is_away_lets_the_record_come_again_and_nobody_is_forgotten(
    load: Load,
    publish: Publish,
    worker: ModuleType,
    endpoint: Endpoint,
    later: Queue,
    listen: Listen,
) -> None:
    update = an_update(a_token())
    [client] = listen(update.token)
    endpoint.behaviour.statuses[client] = 429
    away = load("broadcast", LATER_QUEUE_URL="http://127.0.0.1:9/1/x")
    assert send(away, update) == [update.id]

    assert publish(update) == []
    endpoint.behaviour.statuses[client] = 200
    until_nobody_is_behind(worker, later)

    assert heard(endpoint, client) == [update.to_dict()]


def test_client_that_subscribes_again_is_not_behind(
    publish: Publish,
    worker: ModuleType,
    endpoint: Endpoint,
    later: Queue,
    listen: Listen,
    subscriptions: SubscriptionTable,
) -> None:
    missed, live = updates_of(a_token(), 2)
    [client] = listen(missed.token)
    endpoint.behaviour.statuses[client] = 429
    publish(missed)
    endpoint.behaviour.statuses[client] = 200
    subscriptions.subscribe(
        client, {missed.token: "all"}, now=time.time()
    )  # its opening tells it all
    publish(live)
    until_nobody_is_behind(worker, later)

    assert heard(endpoint, client) == [live.to_dict()]


def test_message_that_says_nothing_is_a_dead_letter_with_its_reason(
    worker: ModuleType, later_dead_letters: Queue
) -> None:
    record = a_record('{"kind":"dance"}', group=None)

    assert failures(worker.handler(a_batch([record]), Context())) == []
    [dead_letter] = later_dead_letters.take()
    assert dead_letter["body"] == record["body"]
    assert "catch_up" in later_dead_letters.reasons[0]


def test_table_that_is_away_lets_the_message_come_again(load: Load, later: Queue) -> None:
    worker = load("later", CONNECTIONS_TABLE="missing")
    record = a_record('{"kind":"catch_up","token":"SOL","connections":["a"]}')

    assert failures(worker.handler(a_batch([record]), Context())) == [record["messageId"]]
