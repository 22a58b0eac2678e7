"""The broadcast queue: every update, each token in its order."""

import pytest

from functions.glow import clients
from functions.glow.errors import Unavailable
from functions.glow.publish import QueuePublisher
from tests.functions.builders import a_token, updates_of
from tests.functions.cloud import REGION, Queue


def test_each_token_keeps_its_order_through_many_batches(queue: Queue) -> None:
    busy, *others = [updates_of(a_token(), count) for count in (35, 3, 3, 3)]
    mixed = [update for group in zip(*others, strict=True) for update in group] + busy

    QueuePublisher(clients.sqs(REGION), queue.url).publish(mixed)
    records = queue.take()

    for updates in (busy, *others):
        token = updates[0].token
        sent = [r["body"] for r in records if r["attributes"]["MessageGroupId"] == token]
        assert sent == [update.to_json() for update in updates]


def test_update_published_twice_is_in_the_queue_once(queue: Queue) -> None:
    updates = updates_of(a_token(), 2)
    publisher = QueuePublisher(clients.sqs(REGION), queue.url)
    publisher.publish(updates)
    publisher.publish(updates)

    assert len(queue.take()) == 2


def test_queue_that_is_away_is_unavailable(queue: Queue) -> None:
    publisher = QueuePublisher(clients.sqs(REGION), f"{queue.url}-missing")

    with pytest.raises(Unavailable):
        publisher.publish(updates_of(a_token(), 1))
