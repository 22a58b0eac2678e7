"""A change of route: written, announced on both paths, and only then ended."""

import asyncio
import json
import time
import uuid
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

from functions.glow.errors import Unavailable
from functions.glow.prices.table import PriceTable
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import SETTLE_MS, EdgeHealth, Routes
from functions.glow.routing.table import RouteTable
from functions.glow.sockets.subscriptions import SubscriptionTable
from tests.functions.builders import RETENTION_SECONDS, a_batch, a_record, a_token, an_update
from tests.functions.cloud import Queue
from tests.functions.conftest import Load
from tests.functions.edge import Edge
from tests.functions.endpoint import Endpoint

AWS, EDGE = Policy(), Policy(edge_is_on=True)
WEBSOCKET_URL = "wss://websocket.test/live"


@dataclass
class World:
    """The stack before a change, and what came of it."""

    load: Load
    routes: RouteTable
    known_tokens: KnownTokens
    subscriptions: SubscriptionTable
    prices: PriceTable
    endpoint: Endpoint
    edge: Edge
    tasks: Queue

    def a_known_token(self) -> str:
        token = a_token()
        self.known_tokens.note([token], now=time.time())
        return token

    def a_listener_on_aws(self, token: str) -> str:
        connection_id = uuid.uuid4().hex
        self.subscriptions.connect(connection_id, now=time.time())
        self.subscriptions.subscribe(connection_id, {token: "all"}, now=time.time())
        return connection_id

    def listens(self, connection_id: str, token: str) -> bool:
        pages = self.subscriptions.pages(token, now=time.time())
        return any(each.connection_id == connection_id for page in pages for each in page)

    def move(self, policy: Policy) -> Any:
        return self.mover().handler({"policy": policy.to_json()}, None)

    def mover(self) -> ModuleType:
        return self.load("route_mover")

    def work(self, body: str) -> Any:
        record = a_record(body)
        attributes = {**record["attributes"], "ApproximateReceiveCount": "1"}
        return self.load("route_worker").handler(
            a_batch([{**record, "attributes": attributes}]), None
        )

    def heard_on_aws(self, connection_id: str) -> list[Any]:
        return [json.loads(message) for message in self.endpoint.received[connection_id]]


@pytest.fixture
def world(
    load: Load,
    routes: RouteTable,
    known_tokens: KnownTokens,
    subscriptions: SubscriptionTable,
    prices: PriceTable,
    endpoint: Endpoint,
    edge: Edge,
    tasks: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    real_sleep = asyncio.sleep

    async def sleep_less(seconds: float) -> None:
        await real_sleep(seconds / 100)

    # The only wait of the mover; routing/setup.py takes it from asyncio.
    monkeypatch.setattr("asyncio.sleep", sleep_less)
    return World(load, routes, known_tokens, subscriptions, prices, endpoint, edge, tasks)


def test_first_routing_is_written_and_announced_to_nobody(world: World) -> None:
    world.move(EDGE)

    written = world.routes.read()
    assert written is not None
    assert (written.current, written.previous) == (EDGE, ())
    assert world.edge.orders == []


def test_client_on_aws_hears_where_its_token_went_and_its_room_is_told_to_serve(
    world: World,
) -> None:
    world.move(AWS)
    token = world.a_known_token()
    newest = an_update(token, timestamp=int(time.time()))
    world.prices.append_all([newest], now=time.time(), retention_seconds=RETENTION_SECONDS)
    client = world.a_listener_on_aws(token)

    result = world.move(EDGE)

    assert world.heard_on_aws(client) == [
        {
            "type": "MOVED",
            "token": token,
            "path": "edge",
            "url": f"{world.edge.url.replace('http', 'ws', 1)}/ws/{token}",
            "after": newest.id,
            "jitterMs": result["jitterMs"],
        }
    ]
    path, order = world.edge.orders[-1]
    written = world.routes.read()
    assert written is not None
    assert (path, order["path"]) == ("/moves", "edge")
    assert token in order["tokens"]
    assert order["servedFromMs"] == written.since_ms + SETTLE_MS
    assert result["clientsToEdge"] >= 1


def test_room_of_a_quiet_token_is_told_to_send_its_clients_away(world: World) -> None:
    world.move(EDGE)
    token = world.a_known_token()
    world.edge.clients[token] = 500

    result = world.move(AWS)

    path, order = world.edge.orders[-1]
    written = world.routes.read()
    assert written is not None
    assert (path, order["path"], order["url"]) == ("/moves", "aws", WEBSOCKET_URL)
    assert token in order["tokens"]
    assert order["jitterMs"] == result["jitterMs"] == 2_000  # 500 at 250 connects a second
    assert order["closeAtMs"] == written.previous[0].until_ms


def test_both_paths_are_published_on_until_the_grace_is_over(world: World) -> None:
    world.move(EDGE)
    token = world.a_known_token()

    world.move(AWS)

    written = world.routes.read()
    assert written is not None
    until_ms = written.previous[0].until_ms
    assert until_ms is not None
    assert written.published(token, now_ms=until_ms - 1) == {"aws", "edge"}
    assert written.published(token, now_ms=until_ms) == {"aws"}
    [task] = [json.loads(record["body"]) for record in world.tasks.take()]
    assert task == {"task": "sweep", "dueMs": until_ms}


def test_grace_is_long_enough_for_all_clients_to_come_one_by_one(world: World) -> None:
    world.move(EDGE)
    world.edge.clients[world.a_known_token()] = 10_000

    result = world.move(AWS)

    assert result["jitterMs"] == 40_000
    assert result["graceMs"] >= 50_000


def test_same_routing_again_announces_nothing(world: World) -> None:
    world.move(EDGE)
    client = world.a_listener_on_aws(world.a_known_token())
    world.move(EDGE)

    assert world.heard_on_aws(client) == []
    assert world.edge.orders == []


def test_edge_that_does_not_answer_stops_a_change_that_leads_to_it(world: World) -> None:
    world.move(AWS)
    world.a_known_token()
    world.edge.answer_order = lambda _path: 500

    with pytest.raises(Unavailable, match="nothing was moved to it"):
        world.move(EDGE)

    written = world.routes.read()
    assert written is not None
    assert written.current == AWS


def test_edge_that_does_not_answer_does_not_stop_a_change_away_from_it(world: World) -> None:
    """That is the rollback. The rooms are told once they can be."""
    world.move(EDGE)
    token = world.a_known_token()
    world.edge.answer_order = lambda _path: 500

    world.move(AWS)

    written = world.routes.read()
    assert written is not None
    assert (written.current, written.is_announced) == (AWS, True)
    tasks = [json.loads(record["body"])["task"] for record in world.tasks.take()]
    assert sorted(tasks) == ["sweep", "tell_edge"]

    world.edge.answer_order = lambda _path: 200
    world.edge.orders.clear()
    done = world.work('{"task":"tell_edge","dueMs":0}')
    assert done == {"batchItemFailures": []}
    assert token in world.edge.orders[-1][1]["tokens"]


def test_change_that_failed_half_way_goes_on_with_the_next_try(world: World) -> None:
    """Until it is announced, both paths are published on, without an end."""
    world.move(AWS)
    token = world.a_known_token()
    client = world.a_listener_on_aws(token)
    world.edge.answer_order = lambda path: 500 if path == "/moves" else 200
    with pytest.raises(Unavailable):
        world.move(EDGE)
    half = world.routes.read()
    assert half is not None
    assert half.published(token, now_ms=half.since_ms + 10**9) == {"aws", "edge"}
    assert world.heard_on_aws(client) == []

    world.edge.answer_order = lambda _path: 200
    world.move(EDGE)

    done = world.routes.read()
    assert done is not None
    assert (done.since_ms, done.is_announced) == (half.since_ms, True)
    assert [message["type"] for message in world.heard_on_aws(client)] == ["MOVED"]


def end_the_grace(world: World, policy: Policy) -> None:
    """As if the change had been announced long ago."""
    past_ms = int(time.time() * 1_000) - 1
    changed = Routes(current=AWS).changed(policy, now_ms=past_ms).announced(until_ms=past_ms)
    world.routes.write(changed)


def test_client_that_is_left_when_the_grace_is_over_is_told_and_unsubscribed(world: World) -> None:
    token, staying = world.a_known_token(), world.a_known_token()
    left = world.a_listener_on_aws(token)
    listens_to_both = world.a_listener_on_aws(token)
    world.subscriptions.subscribe(listens_to_both, {staying: "all"}, now=time.time())
    end_the_grace(world, Policy(edge_is_on=True, edge_tokens=frozenset({token}), edge_percent=0))

    world.work('{"task":"sweep","dueMs":0}')

    for client in (left, listens_to_both):
        assert [message["type"] for message in world.heard_on_aws(client)] == ["MOVED"]
        assert not world.listens(client, token)
    assert world.endpoint.closed == [left]  # the other one still hears `staying`
    assert world.listens(listens_to_both, staying)


def test_sweep_within_the_grace_of_a_later_change_ends_no_subscription(world: World) -> None:
    token = world.a_known_token()
    client = world.a_listener_on_aws(token)
    world.routes.write(Routes(current=AWS).changed(EDGE, now_ms=int(time.time() * 1_000)))

    world.work('{"task":"sweep","dueMs":0}')

    assert world.listens(client, token)
    assert world.endpoint.closed == []


def test_task_that_is_not_due_is_hidden_until_it_is(world: World) -> None:
    due_ms = int(time.time() * 1_000) + 60_000
    world.tasks.send(f'{{"task":"sweep","dueMs":{due_ms}}}', group="sweep")
    [record] = world.tasks.receive()

    answer = world.load("route_worker").handler(a_batch([record]), None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    assert world.tasks.receive() == []
    assert world.tasks.size() == 1


def test_task_that_nobody_knows_goes_to_the_dead_letters(world: World, dead_letters: Queue) -> None:
    assert world.work('{"task":"dance","dueMs":0}') == {"batchItemFailures": []}

    [letter] = dead_letters.take()
    assert letter["body"] == '{"task":"dance","dueMs":0}'


def test_clients_that_fled_to_aws_are_called_back_when_the_edge_is_well(world: World) -> None:
    world.move(EDGE)
    client = world.a_listener_on_aws(world.a_known_token())
    now_ms = int(time.time() * 1_000)
    world.routes.replace_health(EdgeHealth(), EdgeHealth(state="recovering", since_ms=now_ms))

    world.work(f'{{"task":"announce","dueMs":{now_ms}}}')

    [message] = world.heard_on_aws(client)
    assert (message["type"], message["path"]) == ("MOVED", "edge")
    written = world.routes.read()
    assert written is not None
    assert written.health.until_ms is not None
    assert [json.loads(record["body"])["task"] for record in world.tasks.take()] == ["sweep"]


def test_edge_that_went_down_again_calls_nobody_back(world: World) -> None:
    world.move(EDGE)
    client = world.a_listener_on_aws(world.a_known_token())
    world.routes.replace_health(EdgeHealth(), EdgeHealth(state="down", since_ms=1))

    world.work('{"task":"announce","dueMs":0}')

    assert world.heard_on_aws(client) == []
