"""Redrive: dead letters come back once, in their order, whatever SQS has seen before."""

import pytest
from botocore.stub import Stubber

from functions.glow.queues.publisher import QueuePublisher
from functions.glow.runtime import aws
from functions.glow.update import Update
from ops.errors import OpsError
from ops.redrive import Count, move_back, send_back
from tests.functions.builders import a_token, updates_of
from tests.functions.cloud import REGION, Queue


def publish(queue: Queue, updates: list[Update]) -> None:
    QueuePublisher(aws.sqs(REGION), queue.url, name="the queue").publish(updates)


def redriven(dead_letters: Queue, queue: Queue) -> Count:
    client = aws.sqs(REGION)
    return move_back(client, dead_letters_url=dead_letters.url, queue_url=queue.url)


def test_dead_letters_come_back_in_order_in_their_groups(queue: Queue, dead_letters: Queue) -> None:
    busy, other = updates_of(a_token(), 25), updates_of(a_token(), 3)
    publish(dead_letters, [*busy, *other])

    assert redriven(dead_letters, queue) == Count(moved=28, left=0)
    records = queue.take()
    for updates in (busy, other):
        group = updates[0].token
        back = [r["body"] for r in records if r["attributes"]["MessageGroupId"] == group]
        assert back == [update.to_json() for update in updates]


def test_update_that_the_queue_saw_a_moment_ago_comes_back_all_the_same(
    queue: Queue, dead_letters: Queue
) -> None:
    updates = updates_of(a_token(), 1)
    publish(queue, updates)
    queue.take()
    publish(dead_letters, updates)

    redriven(dead_letters, queue)

    assert [record["body"] for record in queue.take()] == [updates[0].to_json()]


def test_nothing_to_bring_back_is_no_error(queue: Queue, dead_letters: Queue) -> None:
    assert redriven(dead_letters, queue) == Count(moved=0, left=0)


def test_redrive_that_crashed_before_it_deleted_sends_nothing_twice(
    queue: Queue, dead_letters: Queue
) -> None:
    client = aws.sqs(REGION)
    publish(dead_letters, updates_of(a_token(), 3))
    sent_before_the_crash = client.receive_message(
        QueueUrl=dead_letters.url,
        MaxNumberOfMessages=10,
        MessageSystemAttributeNames=["MessageGroupId"],
    ).get("Messages", [])
    send_back(client, queue.url, sent_before_the_crash)
    for message in sent_before_the_crash:  # as SQS does after their visibility time-out
        client.change_message_visibility(
            QueueUrl=dead_letters.url,
            ReceiptHandle=message.get("ReceiptHandle", ""),
            VisibilityTimeout=0,
        )

    assert redriven(dead_letters, queue) == Count(moved=3, left=0)
    assert len(queue.take()) == 3


def test_queue_that_cannot_be_reached_is_told_with_the_likely_causes(
    queue: Queue, dead_letters: Queue
) -> None:
    client = aws.sqs(REGION)

    with Stubber(client) as broken:
        broken.add_client_error("get_queue_attributes", "AccessDenied")
        with pytest.raises(OpsError, match=r"(?s)AccessDenied.*Nothing is lost: run it again"):
            move_back(client, dead_letters_url=dead_letters.url, queue_url=queue.url)


def test_what_fails_again_at_once_does_not_go_round_for_ever(dead_letters: Queue) -> None:
    publish(dead_letters, updates_of(a_token(), 12))

    count = redriven(dead_letters, dead_letters)

    assert count.left == 12
    assert count.moved <= 20
