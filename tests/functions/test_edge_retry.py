"""The edge retry worker, fed from a real queue: the edge gets what it missed, later and in order."""

import time
from collections.abc import Iterator, Sequence
from types import ModuleType

import pytest

from functions.glow.queues.publisher import QueuePublisher
from functions.glow.runtime import aws
from functions.glow.update import Update
from tests.functions.builders import Context, a_batch, a_record, a_token, an_update, updates_of
from tests.functions.cloud import REGION, Queue
from tests.functions.conftest import Load
from tests.functions.edge import CURRENT, LOST, NEVER, PREVIOUS, Edge

PATIENCE_SECONDS = 60


@pytest.fixture
def retry(load: Load) -> ModuleType:
    return load("edge_retry")


def fail_to_deliver(retry_queue: Queue, updates: Sequence[Update]) -> None:
    QueuePublisher(aws.sqs(REGION), retry_queue.url, name="the queue").publish(updates)


def work(retry: ModuleType, retry_queue: Queue, *, wait_seconds: int = 0) -> int:
    """Do with one batch of the queue what Lambda does; how many messages are to come again."""
    records = retry_queue.receive(wait_seconds=wait_seconds)
    answer = retry.handler(a_batch(records), Context())
    failed = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
    for record in records:
        if record["messageId"] not in failed:
            retry_queue.delete(record)
    return len(failed)


def until_empty(retry: ModuleType, retry_queue: Queue) -> Iterator[int]:
    """Work until the queue holds nothing any more, neither visible nor hidden."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while size := retry_queue.size():
        assert time.monotonic() < deadline, f"{size} messages are left"
        yield work(retry, retry_queue, wait_seconds=1)


def test_all_undelivered_updates_of_a_token_go_in_one_request_in_order(
    retry: ModuleType, retry_queue: Queue, edge: Edge
) -> None:
    updates = updates_of(a_token(), 7)
    fail_to_deliver(retry_queue, updates)

    assert work(retry, retry_queue) == 0
    [post] = edge.posts
    assert post.updates == [update.to_dict() for update in updates]
    assert post.bearer == CURRENT
    assert retry_queue.size() == 0


@pytest.mark.parametrize("answer", [500, 401, 404, LOST])
def test_what_fails_comes_again_in_order_and_is_heard_once(
    retry: ModuleType, retry_queue: Queue, edge: Edge, answer: int
) -> None:
    updates = updates_of(a_token(), 12)
    fail_to_deliver(retry_queue, updates)
    edge.answer = lambda _post: answer
    assert work(retry, retry_queue) == 10

    edge.answer = lambda _post: 200
    assert list(until_empty(retry, retry_queue))
    assert edge.heard == {updates[0].token: [update.id for update in updates]}


def test_delay_grows_with_the_tries(retry: ModuleType, retry_queue: Queue, edge: Edge) -> None:
    fail_to_deliver(retry_queue, [an_update(a_token())])
    edge.answer = lambda _post: 500
    tried: list[float] = []
    while len(tried) < 3:
        if work(retry, retry_queue, wait_seconds=1):
            tried.append(time.monotonic())
        assert len(edge.posts) == len(tried)

    first, second = tried[1] - tried[0], tried[2] - tried[1]
    assert 0.9 < first < 1.9
    assert 1.9 < second < 3.9


def test_token_that_waits_holds_back_no_other(
    retry: ModuleType, retry_queue: Queue, edge: Edge
) -> None:
    stuck, fine = an_update(a_token()), an_update(a_token())
    edge.answer = lambda post: 500 if post.token == stuck.token else 200
    fail_to_deliver(retry_queue, [stuck, fine])

    assert work(retry, retry_queue) == 1
    assert edge.heard == {fine.token: [fine.id]}
    late = an_update(fine.token, slot=400_000_000)
    fail_to_deliver(retry_queue, [late])
    assert work(retry, retry_queue) == 0
    assert edge.heard == {fine.token: [fine.id, late.id]}


def test_after_its_tries_it_lies_in_the_dead_letter_queue(
    load: Load, retry_queue: Queue, edge: Edge, dead_letters: Queue
) -> None:
    retry = load("edge_retry", EDGE_RETRY_TRIES="2")
    retry_queue.give_up_after(2, dead_letters)
    updates = updates_of(a_token(), 3)
    fail_to_deliver(retry_queue, updates)
    edge.answer = lambda _post: 500

    failures = [failed for failed in until_empty(retry, retry_queue) if failed]

    assert failures == [3, 3]
    assert [record["body"] for record in dead_letters.take()] == [u.to_json() for u in updates]


@pytest.mark.parametrize("status", [400, 413])
def test_what_the_edge_refuses_for_good_is_a_dead_letter_and_its_neighbours_are_taken(
    retry: ModuleType, retry_queue: Queue, edge: Edge, dead_letters: Queue, status: int
) -> None:
    updates = updates_of(a_token(), 5)
    refused = updates[2]
    edge.answer = lambda post: status if refused.id in post.ids else 200
    fail_to_deliver(retry_queue, updates)

    assert work(retry, retry_queue) == 0
    assert edge.heard[refused.token] == [u.id for u in updates if u is not refused]
    assert [record["body"] for record in dead_letters.take()] == [refused.to_json()]
    assert dead_letters.reasons == [f"HTTP {status}"]
    assert retry_queue.size() == 0


def test_failure_among_single_posts_leaves_the_rest_for_later_in_order(
    retry: ModuleType, retry_queue: Queue, edge: Edge, dead_letters: Queue
) -> None:
    updates = updates_of(a_token(), 5)
    refused, failing = updates[1], updates[3]
    edge.answer = lambda post: (
        400 if refused.id in post.ids else 500 if failing.id in post.ids else 200
    )
    fail_to_deliver(retry_queue, updates)

    assert work(retry, retry_queue) == 2
    edge.answer = lambda _post: 200
    assert list(until_empty(retry, retry_queue))
    assert edge.heard[refused.token] == [u.id for u in updates if u is not refused]
    assert len(dead_letters.take()) == 1


def test_poison_is_a_dead_letter_and_its_neighbours_are_taken(
    retry: ModuleType, retry_queue: Queue, edge: Edge, dead_letters: Queue
) -> None:
    update = an_update(a_token())
    retry_queue.send("not JSON", group="poisoned")
    fail_to_deliver(retry_queue, [update])

    assert work(retry, retry_queue) == 0
    assert edge.heard == {update.token: [update.id]}
    assert [record["body"] for record in dead_letters.take()] == ["not JSON"]


def test_refused_secret_is_followed_by_the_previous_one(
    retry: ModuleType, retry_queue: Queue, edge: Edge
) -> None:
    edge.answer = lambda post: 200 if post.bearer == PREVIOUS else 401
    fail_to_deliver(retry_queue, [an_update(a_token())])

    assert work(retry, retry_queue) == 0


@pytest.mark.parametrize("missing", ["EDGE_BROADCAST_URL", "EDGE_BROADCAST_SECRET"])
def test_update_for_an_edge_that_is_not_configured_is_dropped_and_counted(
    load: Load, retry_queue: Queue, edge: Edge, caplog: pytest.LogCaptureFixture, missing: str
) -> None:
    retry = load("edge_retry", **{missing: ""})
    updates = updates_of(a_token(), 3)
    fail_to_deliver(retry_queue, updates)

    assert work(retry, retry_queue) == 0
    assert (edge.posts, retry_queue.size()) == ([], 0)
    [dropped] = [
        record for record in caplog.records if record.message == "undelivered_updates_dropped"
    ]
    assert dropped.__dict__["updates"] == 3


def test_function_that_runs_out_of_time_ends_before_lambda_ends_it(
    retry: ModuleType, edge: Edge
) -> None:
    update = an_update(a_token())
    edge.answer = lambda _post: NEVER
    record = a_record(update.to_json())
    record["attributes"] = {**record["attributes"], "ApproximateReceiveCount": "1"}

    answer = retry.handler(a_batch([record]), Context(seconds=retry.RESERVE_SECONDS + 0.2))

    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
