"""The figures of `ops status` that tables, queues and rooms give."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from functions.glow.prices.table import PriceTable
from functions.glow.queues.publisher import QueuePublisher
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import Routes
from functions.glow.routing.table import RouteTable
from functions.glow.runtime import aws
from ops.deployed import DeployedStack
from ops.redrive import LANES
from ops.status.queues import queue_name, read_queues
from ops.status.reading import Problems
from ops.status.routing import read_routing
from ops.status.tokens import read_tokens
from ops.verify.config import Config
from ops.verify.target import Target
from tests.functions.builders import RETENTION_SECONDS, a_token, an_update, updates_of
from tests.functions.cloud import CONNECTIONS, PRICES, REGION, ROUTES, Queue, empty_table
from tests.functions.conftest import Listen
from tests.functions.edge import CURRENT, Edge

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def a_target(queue: Queue, edge: Edge | None = None, *tokens: str, **outputs: str) -> Target:
    usual = {
        "LaterQueueUrl": queue.url,
        "PriceTableName": PRICES,
        "ConnectionsTableName": CONNECTIONS,
        "RoutesTableName": ROUTES,
        "Routing": Policy().to_json(),
    }
    at_edge = {} if edge is None else {"EdgeUrl": edge.url}
    return Target(
        deployed=DeployedStack("test", {**usual, **at_edge, **outputs}),
        config=Config(
            webhook_secret="s",
            edge_secret=None if edge is None else CURRENT,
            tokens=frozenset(tokens),
            sol_usd_max_age_seconds=180,
        ),
    )


def test_clients_are_counted_by_token_and_path_with_the_age_of_the_last_trade(
    queue: Queue, edge: Edge, listen: Listen, prices: PriceTable
) -> None:
    busy, quiet = a_token(), a_token()
    listen(busy, 3)
    edge.clients[busy] = 5
    now = time.time()
    trade = an_update(busy, timestamp=int(now) - 40)
    prices.append_all([trade], now=now, retention_seconds=RETENTION_SECONDS)

    reading = read_tokens(
        a_target(queue, edge, busy, quiet), most=100, problems=Problems(), now=now
    )

    found = {each.token: each for each in reading.tokens}
    assert found[busy].connections == {"aws": 3, "edge": 5}
    assert found[quiet].connections == {"aws": 0, "edge": 0}
    assert 40 <= (found[busy].last_trade_seconds or 0) < 42
    assert found[quiet].last_trade_seconds is None
    assert reading.aws_connections >= 3


def test_tokens_with_most_clients_come_first_and_the_rest_is_counted(
    dynamodb: DynamoDBClient, queue: Queue, listen: Listen
) -> None:
    empty_table(dynamodb, CONNECTIONS)
    busy = a_token()
    listen(busy, 9)

    reading = read_tokens(
        a_target(queue, None, a_token()), most=1, problems=Problems(), now=time.time()
    )

    assert [each.token for each in reading.tokens] == [busy]
    assert reading.left_out >= 1


def test_without_a_list_of_tokens_those_that_were_traded_are_shown(
    queue: Queue, known_tokens: KnownTokens
) -> None:
    token, now = a_token(), time.time()
    known_tokens.note([token], now=now)

    reading = read_tokens(a_target(queue), most=100, problems=Problems(), now=now)

    assert token in [each.token for each in reading.tokens]


def test_edge_that_does_not_answer_leaves_its_clients_unknown(queue: Queue, edge: Edge) -> None:
    token, problems = a_token(), Problems()
    edge.answer_order = lambda _path: 503

    reading = read_tokens(
        a_target(queue, edge, token), most=100, problems=problems, now=time.time()
    )

    found = {each.token: each for each in reading.tokens}
    assert found[token].connections["edge"] is None
    assert any(token in told for told in problems.told)


def test_queues_show_what_waits_and_what_is_dead(queue: Queue, dead_letters: Queue) -> None:
    QueuePublisher(aws.sqs(REGION), queue.url, name="the queue").publish(updates_of(a_token(), 4))
    QueuePublisher(aws.sqs(REGION), dead_letters.url, name="dead").publish(updates_of(a_token(), 2))
    outputs = {lane.queue_output: queue.url for lane in LANES}
    outputs |= {lane.dead_letters_output: dead_letters.url for lane in LANES}

    readings = read_queues(a_target(queue, None, **outputs), {queue_name(queue.url): 61.0})

    assert [each.name for each in readings] == [lane.name for lane in LANES]
    first = readings[0]
    assert (first.waiting, first.in_flight, first.dead_letters) == (4, 0, 2)
    assert first.oldest_seconds == 61.0
    assert urlsplit(queue.url).path.endswith(queue_name(queue.url))


def test_routing_item_is_read_beside_what_the_last_up_left(
    queue: Queue, routes: RouteTable, dynamodb: DynamoDBClient
) -> None:
    assert routes.replace(None, Routes(current=Policy(edge_is_on=True)))

    told = read_routing(a_target(queue), now=time.time())

    assert told.summary == "edge for 100 % of the tokens"
    assert told.drift is not None
    assert "all tokens on AWS" in told.drift
