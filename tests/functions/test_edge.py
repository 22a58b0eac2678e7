"""The edge path: the worker hears every update, and both queues what it does not take."""

import asyncio
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from functions.glow.edge.breaker import FAILURES_IN_A_ROW, OPEN_SECONDS
from functions.glow.edge.client import MAX_UPDATES_PER_POST, EdgeClient, Outcome, Verdict
from functions.glow.edge.publisher import FALLBACK_MS, EdgePublisher
from functions.glow.errors import Unavailable
from functions.glow.queues.publisher import QueuePublisher
from functions.glow.runtime import aws
from functions.glow.runtime.deadline import deadline
from functions.glow.runtime.loop import event_loop
from functions.glow.update import Update, parse_update
from tests.functions.builders import a_token, an_update, updates_of
from tests.functions.cloud import REGION, Queue
from tests.functions.edge import CURRENT, LOST, NEVER, PREVIOUS, Edge, Post, resetting_server

TIMEOUT_MS = 1_000  # what a busy machine takes for an answer is far less


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(edge: Edge) -> Iterator[EdgeClient]:
    client = EdgeClient(edge.url, [CURRENT, PREVIOUS], timeout_ms=TIMEOUT_MS)
    yield client
    event_loop().run_until_complete(client.aclose())


@dataclass
class Watch:
    """What the publisher said of the edge."""

    said: list[str] = field(default_factory=list[str])

    def edge_failed(self, *, failing_seconds: float) -> None:
        self.said.append(f"failed for {failing_seconds:.0f} s")

    def edge_answered(self) -> None:
        self.said.append("answered")

    def rooms_are_away(self, tokens: Sequence[str]) -> None:
        self.said.append(f"away {tokens}")


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def publisher(
    client: EdgeClient, queue: Queue, retry_queue: Queue, clock: Clock, watch: Watch
) -> EdgePublisher:
    fallbacks = [lane(queue), lane(retry_queue)]
    return EdgePublisher(client, fallbacks=fallbacks, watch=watch, clock=clock)


def lane(queue: Queue) -> QueuePublisher:
    return QueuePublisher(aws.sqs(REGION), queue.url, name="the queue")


def queued(queue: Queue) -> list[Update]:
    return [parse_update(record["body"]) for record in queue.take()]


def test_all_updates_of_a_token_go_in_one_request_with_the_bearer(
    publisher: EdgePublisher, edge: Edge, queue: Queue, retry_queue: Queue
) -> None:
    updates = updates_of(a_token(), 3)

    publisher.publish(updates)

    [post] = edge.posts
    assert post.updates == [update.to_dict() for update in updates]
    assert (post.token, post.bearer) == (updates[0].token, CURRENT)
    assert post.headers["host"] == edge.url.removeprefix("http://")
    assert post.headers["user-agent"] == "glow"  # Cloudflare turns a request without one away
    assert (queued(queue), queued(retry_queue)) == ([], [])


def test_tokens_are_posted_side_by_side(publisher: EdgePublisher, edge: Edge) -> None:
    updates = [an_update(a_token()) for _ in range(10)]
    all_are_here = threading.Barrier(len(updates))

    def answer_when_all_are_here(_post: Post) -> int:
        all_are_here.wait()
        return 200

    edge.answer = answer_when_all_are_here
    publisher.publish(updates)

    assert edge.heard == {update.token: [update.id] for update in updates}


def test_connection_is_kept_for_the_next_trade(publisher: EdgePublisher, edge: Edge) -> None:
    for _ in range(3):
        publisher.publish([an_update(a_token())])

    assert (len(edge.posts), edge.sockets) == (3, 1)


def test_more_updates_than_one_body_holds_go_in_several_in_order(
    publisher: EdgePublisher, edge: Edge
) -> None:
    updates = updates_of(a_token(), MAX_UPDATES_PER_POST + 1)

    publisher.publish(updates)

    assert [len(post.updates) for post in edge.posts] == [MAX_UPDATES_PER_POST, 1]
    assert edge.heard[updates[0].token] == [update.id for update in updates]


@pytest.mark.parametrize("answer", [500, 503, 429, 404, 403, 302, 400, NEVER])
def test_what_the_edge_does_not_take_is_in_both_queues(
    publisher: EdgePublisher, edge: Edge, queue: Queue, retry_queue: Queue, answer: int
) -> None:
    lost, taken = updates_of(a_token(), 3), updates_of(a_token(), 2)
    edge.answer = lambda post: answer if post.token == lost[0].token else 200

    publisher.publish([lost[0], *taken, *lost[1:]])

    assert edge.heard == {taken[0].token: [update.id for update in taken]}
    assert queued(queue) == lost
    assert queued(retry_queue) == lost


def test_answer_lost_is_asked_for_once_more_and_then_queued(
    publisher: EdgePublisher, edge: Edge, retry_queue: Queue
) -> None:
    update = an_update(a_token())
    edge.answer = lambda _post: LOST if len(edge.posts) == 1 else 200
    publisher.publish([update])
    assert (len(edge.posts), queued(retry_queue)) == (2, [])

    edge.answer = lambda _post: LOST
    publisher.publish([update])
    assert len(edge.posts) == 4
    assert queued(retry_queue) == [update]


def test_connection_that_is_reset_as_it_is_made_is_a_failure_like_any_other() -> None:
    with resetting_server() as url:
        client = EdgeClient(url, [CURRENT], timeout_ms=10_000)

        async def post_many() -> list[Outcome]:
            return await asyncio.gather(*(client.post("T", [an_update("T")]) for _ in range(100)))

        outcomes = event_loop().run_until_complete(post_many())
        event_loop().run_until_complete(client.aclose())

    assert {outcome.verdict for outcome in outcomes} == {Verdict.FAILED}


def test_what_an_edge_that_is_away_misses_is_in_both_queues(
    queue: Queue, retry_queue: Queue
) -> None:
    client = EdgeClient("http://127.0.0.1:9", [CURRENT], timeout_ms=TIMEOUT_MS)
    update = an_update(a_token())

    EdgePublisher(client, fallbacks=[lane(queue), lane(retry_queue)], watch=Watch()).publish(
        [update]
    )

    assert (queued(queue), queued(retry_queue)) == ([update], [update])


def test_silence_costs_one_time_out_in_all(publisher: EdgePublisher, edge: Edge) -> None:
    edge.answer = lambda _post: NEVER
    started = time.monotonic()

    publisher.publish([an_update(a_token()) for _ in range(20)])

    assert time.monotonic() - started < 10 * TIMEOUT_MS / 1000


def test_refused_secret_is_followed_by_the_previous_one_once(
    publisher: EdgePublisher, edge: Edge, retry_queue: Queue
) -> None:
    update = an_update(a_token())
    edge.answer = lambda post: 200 if post.bearer == PREVIOUS else 401
    publisher.publish([update])
    assert [post.bearer for post in edge.posts] == [CURRENT, PREVIOUS]
    assert queued(retry_queue) == []

    edge.answer = lambda _post: 401
    publisher.publish([update])
    assert [post.bearer for post in edge.posts[2:]] == [CURRENT, PREVIOUS]
    assert queued(retry_queue) == [update]


def test_bearer_is_not_sent_where_a_redirect_points(publisher: EdgePublisher, edge: Edge) -> None:
    edge.answer = lambda _post: 307

    publisher.publish([an_update(a_token())])

    assert len(edge.posts) == 1


def test_after_five_failures_in_a_row_it_goes_straight_to_the_queues_for_five_seconds(
    publisher: EdgePublisher, edge: Edge, queue: Queue, retry_queue: Queue, clock: Clock
) -> None:
    token = a_token()
    failed = updates_of(token, FAILURES_IN_A_ROW)
    edge.answer = lambda _post: 500
    for update in failed:
        publisher.publish([update])
    skipped, tried = an_update(token, slot=400_000_000), an_update(token, slot=500_000_000)
    edge.answer = lambda _post: 200
    clock.now += OPEN_SECONDS - 0.1
    publisher.publish([skipped])
    clock.now += 0.2
    publisher.publish([tried])

    assert len(edge.posts) == FAILURES_IN_A_ROW + 1
    assert edge.heard == {token: [tried.id]}
    assert queued(queue) == queued(retry_queue) == [*failed, skipped]


def test_refusals_are_answers_and_open_no_circuit(publisher: EdgePublisher, edge: Edge) -> None:
    edge.answer = lambda _post: 400
    for _ in range(FAILURES_IN_A_ROW + 1):
        publisher.publish([an_update(a_token())])

    assert len(edge.posts) == FAILURES_IN_A_ROW + 1


@pytest.mark.parametrize("missing", ["broadcast", "retry"])
def test_queue_that_does_not_take_an_update_is_unavailable_and_the_other_has_it(
    client: EdgeClient, edge: Edge, queue: Queue, missing: str
) -> None:
    update = an_update(a_token())
    edge.answer = lambda _post: 500
    lanes = [lane(queue), QueuePublisher(aws.sqs(REGION), f"{queue.url}-no", name="the queue")]
    fallbacks = lanes if missing == "retry" else lanes[::-1]

    with pytest.raises(Unavailable):
        EdgePublisher(client, fallbacks=fallbacks, watch=Watch()).publish([update])

    assert queued(queue) == [update]


def test_no_secret_is_logged(
    publisher: EdgePublisher, edge: Edge, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    edge.answer = lambda _post: 401
    publisher.publish([an_update(a_token())])
    everything = "".join(str(record.__dict__) for record in caplog.records)

    assert "updates_not_taken" in everything
    assert CURRENT not in everything
    assert PREVIOUS not in everything


def test_watch_is_told_of_a_circuit_that_opened_and_of_the_first_update_taken_again(
    publisher: EdgePublisher, edge: Edge, watch: Watch, clock: Clock
) -> None:
    token = a_token()
    edge.answer = lambda _post: 500
    for update in updates_of(token, FAILURES_IN_A_ROW - 1):
        publisher.publish([update])
    assert watch.said == []

    publisher.publish([an_update(token)])
    assert watch.said == ["failed for 0 s"]

    publisher.publish([an_update(token)])  # skipped, so no failure
    clock.now += OPEN_SECONDS
    publisher.publish([an_update(token)])
    assert watch.said[1:] == [f"failed for {OPEN_SECONDS:.0f} s"]

    edge.answer = lambda _post: 200
    clock.now += OPEN_SECONDS
    publisher.publish([an_update(token)])
    assert watch.said[2:] == ["answered"]


def test_body_of_many_tokens_that_fail_is_one_failure(
    publisher: EdgePublisher, edge: Edge, watch: Watch
) -> None:
    edge.answer = lambda _post: NEVER
    for _ in range(FAILURES_IN_A_ROW - 1):
        publisher.publish([an_update(a_token()) for _ in range(2 * FAILURES_IN_A_ROW)])

    edge.answer = lambda _post: 200
    fine = an_update(a_token())
    publisher.publish([fine])

    assert edge.heard == {fine.token: [fine.id]}
    assert watch.said == ["answered"]


def test_room_that_sleeps_beside_one_that_answers_is_no_failure_of_the_edge(
    publisher: EdgePublisher, edge: Edge, watch: Watch, retry_queue: Queue
) -> None:
    asleep, awake = a_token(), a_token()
    edge.answer = lambda post: 503 if post.token == asleep else 200
    missed = updates_of(asleep, 2 * FAILURES_IN_A_ROW)
    for update in missed:
        publisher.publish([update, an_update(awake)])

    assert len(edge.heard[awake]) == len(missed)
    assert queued(retry_queue) == missed
    assert watch.said == []


@pytest.mark.parametrize(
    ("left_ms", "is_posted"),
    [
        pytest.param(FALLBACK_MS + 90, False, id="too-little-for-a-fair-try"),
        pytest.param(FALLBACK_MS + 2_000, True, id="enough"),
    ],
)
def test_edge_is_tried_only_if_the_deadline_leaves_time_for_the_queues_after_it(
    edge: Edge, queue: Queue, retry_queue: Queue, left_ms: int, *, is_posted: bool
) -> None:
    client = EdgeClient(edge.url, [CURRENT], timeout_ms=TIMEOUT_MS, reserve_ms=FALLBACK_MS)
    fallbacks = [lane(queue), lane(retry_queue)]
    publisher = EdgePublisher(client, fallbacks=fallbacks, watch=Watch())
    clock = Clock()
    update = an_update(a_token())

    with deadline(left_ms / 1000, clock=clock):
        publisher.publish([update])
    event_loop().run_until_complete(client.aclose())

    assert len(edge.posts) == is_posted
    assert queued(queue) == queued(retry_queue) == ([] if is_posted else [update])


def test_post_ends_within_what_the_deadline_leaves_it(edge: Edge) -> None:
    client = EdgeClient(edge.url, [CURRENT], timeout_ms=60_000, reserve_ms=FALLBACK_MS)
    edge.answer = lambda _post: NEVER

    with deadline(FALLBACK_MS / 1000 + 0.2):
        outcome = event_loop().run_until_complete(client.post("T", [an_update("T")]))

    assert outcome.verdict is Verdict.FAILED


@pytest.mark.parametrize("content", [b"", b"<html>", b"7", b'{"connections":"many"}'])
def test_order_that_is_answered_with_anything_else_is_unavailable(
    client: EdgeClient, edge: Edge, content: bytes
) -> None:
    edge.content_of_order = content

    with pytest.raises(Unavailable, match="/census"):
        event_loop().run_until_complete(client.order("/census", '{"tokens":["T"]}'))
