"""RouteMover and RouteWorker as Lambda runs them, and the tokens that a change of route knows of."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from functions.glow.routing.known_tokens import LIFE_SECONDS, SURE_SECONDS, KnownTokens
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import EdgeHealth, Routes
from functions.glow.routing.table import RouteTable
from functions.glow.routing.work import Work
from functions.glow.sockets.subscriptions import SubscriptionTable
from tests.functions.builders import a_batch, a_record, a_token, failures
from tests.functions.cloud import ROUTES, Queue
from tests.functions.conftest import Load
from tests.functions.endpoint import Endpoint

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

EDGE = Policy(edge_is_on=True)
DUE = '{"task":"go_on","dueMs":0}'


def test_mover_writes_the_first_routing(load: Load, routes: RouteTable) -> None:
    result = load("route_mover").handler({"policy": EDGE.to_json()}, None)

    written = routes.read()
    assert result == {"routing": "first"}
    assert written is not None
    assert written.current == EDGE


def test_worker_goes_on_with_what_is_due_and_comes_again_for_the_rest(
    load: Load,
    routes: RouteTable,
    known_tokens: KnownTokens,
    subscriptions: SubscriptionTable,
    endpoint: Endpoint,
    tasks: Queue,
) -> None:
    token, now = a_token(), time.time()
    subscriptions.connect("a-client", now=now)
    subscriptions.subscribe("a-client", {token: "all"}, now=now)
    routes.replace(None, Routes(current=EDGE))
    since_ms = int(now * 1_000)
    routes.replace_health(EdgeHealth(), EdgeHealth(state="recovering", since_ms=since_ms))

    one, other = a_record(DUE), a_record(DUE)
    answer = load("route_worker").handler(a_batch([one, other]), None)

    assert failures(answer) == []
    [message] = [json.loads(each) for each in endpoint.received["a-client"]]
    assert (message["type"], message["path"]) == ("MOVED", "edge")
    written = routes.read()
    assert written is not None
    [record] = tasks.take()
    assert json.loads(record["body"]) == {"task": "go_on", "dueMs": written.health.until_ms}


def test_task_that_is_not_due_is_hidden_until_it_is(load: Load, tasks: Queue) -> None:
    due_ms = int(time.time() * 1_000) + 60_000
    tasks.send(f'{{"task":"go_on","dueMs":{due_ms}}}', group="sweep")
    [record] = tasks.receive()

    answer = load("route_worker").handler(a_batch([record]), None)

    assert failures(answer) == [record["messageId"]]
    assert tasks.receive() == []
    assert tasks.size() == 1


def test_task_that_fails_comes_again_in_a_second(load: Load, tasks: Queue) -> None:
    tasks.send(DUE, group="one")
    [record] = tasks.receive()

    answer = load("route_worker", ROUTES_TABLE="missing").handler(a_batch([record]), None)

    assert failures(answer) == [record["messageId"]]
    [again] = tasks.receive(wait_seconds=20)
    assert again["messageId"] == record["messageId"]


def test_task_that_nobody_knows_goes_to_the_dead_letters(load: Load, dead_letters: Queue) -> None:
    answer = load("route_worker").handler(a_batch([a_record('{"task":"dance"}')]), None)

    assert failures(answer) == []
    [letter] = dead_letters.take()
    assert letter["body"] == '{"task":"dance"}'


@pytest.mark.parametrize("edge_url", ["", "https://edge.example"])
def test_publisher_that_finds_a_task_lost_adds_it_again_once(
    load: Load, routes: RouteTable, tasks: Queue, edge_url: str
) -> None:
    routes.replace(None, Routes(current=Policy()))
    work = Work(step="tell", due_ms=1, touched_ms=1)
    before = routes.read()
    assert before is not None
    assert routes.replace(before, Routes(current=Policy(), work=work))
    webhook = load("webhook", EDGE_BROADCAST_URL=edge_url)

    for _ in range(2):
        webhook._PUBLISHED.routes.refresh()
        webhook._PUBLISHED.publish([])

    [record] = tasks.take()
    assert json.loads(record["body"])["task"] == "go_on"


def test_token_of_config_is_known_without_a_row(dynamodb: DynamoDBClient) -> None:
    token = a_token()
    known = KnownTokens(dynamodb, ROUTES, frozenset({token}))

    tokens, _ = known.page(None, now=time.time())

    assert token in tokens
    assert known.surely_told([token], now=time.time())


def test_token_that_was_not_traded_for_two_weeks_may_be_forgotten_soon(
    known_tokens: KnownTokens,
) -> None:
    token, now = a_token(), time.time()
    known_tokens.note([token], now=now)

    asked = [token, a_token()]
    assert known_tokens.surely_told(asked, now=now + SURE_SECONDS - 1) == {token}
    assert known_tokens.surely_told(asked, now=now + SURE_SECONDS + 1) == set()


class Busy:
    """A table that leaves all but the first row of each batch unprocessed, `times` times."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.written: list[str] = []
        self.reads = 0

    def batch_write_item(self, RequestItems: dict[str, list[Any]]) -> Any:  # noqa: N803  AWS's
        [(table, rows)] = RequestItems.items()
        done = rows if self.times <= 0 else rows[:1]
        self.times -= 1
        self.written += [row["PutRequest"]["Item"]["id"]["S"] for row in done]
        left = rows[len(done) :]
        return {"UnprocessedItems": {table: left} if left else {}}

    def batch_get_item(self, RequestItems: dict[str, Any]) -> Any:  # noqa: N803  AWS's
        [(table, asked)] = RequestItems.items()
        keys = asked["Keys"]
        done = keys if self.times <= 0 else keys[:1]
        self.times -= 1
        self.reads += 1
        rows = [{**key, "expiresAt": {"N": str(LIFE_SECONDS)}} for key in done]
        left = keys[len(done) :]
        return {
            "Responses": {table: rows},
            "UnprocessedKeys": {table: {"Keys": left}} if left else {},
        }


def test_tokens_that_the_table_did_not_process_are_tried_again() -> None:
    table = Busy(times=2)
    known = KnownTokens(table, "table")  # type: ignore[arg-type]

    known.note(["A", "B", "C", "D"], now=0)

    assert table.written == [f"TOKEN#{token}" for token in "ABCD"]
    assert known.unnoted(["A", "B", "C", "D"], now=1) == []


def test_tokens_that_the_table_never_processed_do_not_count_as_noted() -> None:
    known = KnownTokens(Busy(times=10), "table")  # type: ignore[arg-type]

    known.note(["A", "B", "C", "D", "E"], now=0)

    assert known.unnoted(["A", "B", "C", "D", "E"], now=1) == ["D", "E"]


def test_hundred_tokens_are_looked_up_in_one_call() -> None:
    table, tokens = Busy(times=0), [f"T{number}" for number in range(100)]

    assert KnownTokens(table, "table").surely_told(tokens, now=0) == set(tokens)  # type: ignore[arg-type]
    assert table.reads == 1


def test_tokens_that_the_table_did_not_read_are_asked_for_again_and_then_not_relied_on() -> None:
    for times, told in ((2, {"A", "B", "C", "D"}), (9, {"A", "B", "C"})):
        known = KnownTokens(Busy(times), "table")  # type: ignore[arg-type]

        assert known.surely_told(["A", "B", "C", "D"], now=0) == told
