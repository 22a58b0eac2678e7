"""The broadcast queue: every update, each token in its order."""

from contextlib import nullcontext

import pytest
from botocore.stub import Stubber

from functions.glow.errors import Unavailable
from functions.glow.queues.publisher import QueuePublisher
from functions.glow.runtime import aws
from tests.functions.builders import a_token, updates_of
from tests.functions.cloud import REGION, Queue


def test_each_token_keeps_its_order_through_many_batches(queue: Queue) -> None:
    busy, *others = [updates_of(a_token(), count) for count in (35, 3, 3, 3)]
    mixed = [update for group in zip(*others, strict=True) for update in group] + busy

    QueuePublisher(aws.sqs(REGION), queue.url, name="the queue").publish(mixed)
    records = queue.take()

    for updates in (busy, *others):
        token = updates[0].token
        sent = [r["body"] for r in records if r["attributes"]["MessageGroupId"] == token]
        assert sent == [update.to_json() for update in updates]


def test_update_published_twice_is_in_the_queue_once(queue: Queue) -> None:
    updates = updates_of(a_token(), 2)
    publisher = QueuePublisher(aws.sqs(REGION), queue.url, name="the queue")
    publisher.publish(updates)
    publisher.publish(updates)

    assert len(queue.take()) == 2


REFUSAL = {"Id": "1", "SenderFault": False, "Code": "InternalError"}


@pytest.mark.parametrize(
    ("answers", "is_taken"),
    [([[REFUSAL], []], True), ([[REFUSAL], [{**REFUSAL, "Id": "0"}]], False)],
)
def test_entry_that_the_queue_refuses_is_sent_once_more(
    queue: Queue, answers: list[list[dict[str, object]]], *, is_taken: bool
) -> None:
    client = aws.sqs(REGION)
    with Stubber(client) as stubber:  # ministack refuses no entry
        for failed in answers:
            stubber.add_response("send_message_batch", {"Successful": [], "Failed": failed})
        with nullcontext() if is_taken else pytest.raises(Unavailable):
            QueuePublisher(client, queue.url, name="the queue").publish(updates_of(a_token(), 2))
        stubber.assert_no_pending_responses()


def test_queue_that_is_away_is_unavailable(queue: Queue) -> None:
    publisher = QueuePublisher(aws.sqs(REGION), f"{queue.url}-missing", name="the queue")

    with pytest.raises(Unavailable, match="the queue"):
        publisher.publish(updates_of(a_token(), 1))
