"""The broadcast worker, fed from a real queue: what fails comes again in seconds, and in order."""

import time
from collections.abc import Callable
from types import ModuleType

import pytest

from functions.glow.queues.publisher import QueuePublisher
from functions.glow.runtime import aws
from functions.glow.sockets.fanout import MAX_BLAMED
from functions.glow.update import Update
from tests.functions.builders import Context, a_batch, a_token, an_update, failures, updates_of
from tests.functions.cloud import REGION, Queue
from tests.functions.conftest import Listen, Load
from tests.functions.endpoint import Endpoint, heard, ids_heard

PATIENCE_SECONDS = 20


@pytest.fixture
def broadcast(load: Load) -> ModuleType:
    return load("broadcast")


def publish(queue: Queue, *updates: Update) -> None:
    QueuePublisher(aws.sqs(REGION), queue.url, name="the queue").publish(updates)


def work(broadcast: ModuleType, queue: Queue, *, wait_seconds: int = 0) -> int:
    """Do with one batch of the queue what Lambda does; how many messages are to come again."""
    records = queue.receive(wait_seconds=wait_seconds)
    if not records:
        return 0
    failed = failures(broadcast.handler(a_batch(records), Context()))
    for record in records:
        if record["messageId"] not in failed:
            queue.delete(record)
    return len(failed)


def work_until(is_done: Callable[[], bool], broadcast: ModuleType, queue: Queue) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_done():
        assert time.monotonic() < deadline, f"{queue.size()} messages are left"
        work(broadcast, queue, wait_seconds=1)


def test_token_whose_fan_out_failed_goes_on_in_seconds_and_in_order(
    broadcast: ModuleType, endpoint: Endpoint, queue: Queue, listen: Listen
) -> None:
    updates = updates_of(a_token(), 14)  # more than one batch
    clients = listen(updates[0].token, MAX_BLAMED + 1)
    publish(queue, *updates)
    endpoint.behaviour.statuses["*"] = 500
    assert work(broadcast, queue) == 10
    endpoint.behaviour.statuses["*"] = 200
    started = time.monotonic()

    work_until(lambda: queue.size() == 0, broadcast, queue)

    assert time.monotonic() - started < 60  # the queue itself would hide them for 180 s
    for client in clients:
        assert ids_heard(endpoint, client) == [update.id for update in updates]


def test_token_that_waits_holds_back_no_other(
    broadcast: ModuleType, endpoint: Endpoint, queue: Queue, listen: Listen
) -> None:
    stuck, fine = an_update(a_token()), an_update(a_token())
    listen(stuck.token, MAX_BLAMED + 1)
    [client] = listen(fine.token)
    endpoint.behaviour.statuses |= {"*": 500, client: 200}
    publish(queue, stuck, fine)
    assert work(broadcast, queue) == 1

    late = an_update(fine.token, slot=400_000_000)
    publish(queue, late)

    assert work(broadcast, queue) == 0
    assert ids_heard(endpoint, client) == [fine.id, late.id]


def test_poison_that_could_not_be_moved_does_not_silence_its_token(
    load: Load, endpoint: Endpoint, queue: Queue, dead_letters: Queue, listen: Listen
) -> None:
    update = an_update(a_token())
    [client] = listen(update.token)
    queue.send("not JSON", group=update.token)
    away = load("broadcast", BROADCAST_DEAD_LETTER_QUEUE_URL="http://127.0.0.1:9/1/x.fifo")
    assert work(away, queue) == 1

    publish(queue, update)
    broadcast = load("broadcast")
    work_until(lambda: queue.size() == 0, broadcast, queue)

    assert heard(endpoint, client) == [update.to_dict()]
    assert [record["body"] for record in dead_letters.take()] == ["not JSON"]


def test_after_its_tries_it_lies_in_the_dead_letter_queue(
    load: Load, endpoint: Endpoint, queue: Queue, dead_letters: Queue, listen: Listen
) -> None:
    broadcast = load("broadcast", BROADCAST_TRIES="2")
    queue.give_up_after(2, dead_letters)
    updates = updates_of(a_token(), 3)
    listen(updates[0].token, MAX_BLAMED + 1)
    endpoint.behaviour.statuses["*"] = 500
    publish(queue, *updates)

    work_until(lambda: queue.size() == 0, broadcast, queue)

    assert [record["body"] for record in dead_letters.take()] == [u.to_json() for u in updates]
