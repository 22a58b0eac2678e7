"""A change of route: written, announced on both paths, and only then ended. On real tables and sockets,
with a clock that goes on while somebody waits."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from functions.glow.edge.client import EdgeClient
from functions.glow.edge.rooms import EdgeRooms
from functions.glow.errors import Unavailable
from functions.glow.prices.table import PriceTable
from functions.glow.routing.endpoints import Endpoints
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.mover import Mover
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import SETTLE_MS, EdgeHealth, Routes
from functions.glow.routing.table import RouteTable
from functions.glow.routing.tasks import TaskQueue
from functions.glow.routing.telling import Telling
from functions.glow.routing.walk import Walk
from functions.glow.runtime import aws
from functions.glow.sockets.post import ConnectionPoster
from functions.glow.sockets.subscriptions import SubscriptionTable
from tests.functions.builders import RETENTION_SECONDS, a_token, an_update
from tests.functions.cloud import CONNECTIONS, REGION, Queue, empty_table
from tests.functions.conftest import Listen
from tests.functions.edge import CURRENT, Edge
from tests.functions.endpoint import Endpoint

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

AWS, EDGE = Policy(), Policy(edge_is_on=True)
WEBSOCKET_URL = "wss://websocket.test/live"
GRACE_MS = 10_000


@dataclass
class World:
    """The stack before a change, and what came of it."""

    routes: RouteTable
    known_tokens: KnownTokens
    subscriptions: SubscriptionTable
    prices: PriceTable
    poster: ConnectionPoster
    endpoint: Endpoint
    edge: Edge
    tasks: Queue
    rooms: EdgeRooms
    now: float

    def a_known_token(self) -> str:
        token = a_token()
        self.known_tokens.note([token], now=self.now)
        return token

    def a_listener_on_aws(self, token: str) -> str:
        connection_id = uuid.uuid4().hex
        self.subscriptions.connect(connection_id, now=self.now)
        self.subscriptions.subscribe(connection_id, {token: "all"}, now=self.now)
        return connection_id

    def listens(self, connection_id: str, token: str) -> bool:
        pages = self.subscriptions.pages(token, now=self.now)
        return any(each.connection_id == connection_id for page in pages for each in page)

    async def up(self, policy: Policy) -> Any:
        mover = Mover(
            table=self.routes,
            known_tokens=self.known_tokens,
            rooms=self.rooms,
            tasks=TaskQueue(aws.sqs(REGION), self.tasks.url),
            clock=lambda: self.now,
            sleep=self.sleep,
        )
        return await mover.apply(policy)

    async def go_on(self) -> int | None:
        """What a task has RouteWorker do."""
        walk = Walk(
            table=self.routes,
            known_tokens=self.known_tokens,
            subscriptions=self.subscriptions,
            clients=Telling(
                self.subscriptions,
                self.prices,
                self.poster,
                Endpoints(WEBSOCKET_URL, self.edge.url),
            ),
            rooms=self.rooms,
            websocket_url=WEBSOCKET_URL,
            grace_ms=GRACE_MS,
            aws_connects_per_second=250,
            clock=lambda: self.now,
            sleep=self.sleep,
        )
        return await walk.go_on()

    async def announce(self) -> None:
        """Go on until the end of the grace is known."""
        while (next_ms := await self.go_on()) is not None:
            if self.item().is_announced:
                return
            self.now = max(self.now, next_ms / 1_000)

    async def finish(self) -> None:
        """Go on until nothing is left to do."""
        while (next_ms := await self.go_on()) is not None:
            self.now = max(self.now, next_ms / 1_000)

    async def move(self, policy: Policy) -> None:
        await self.up(policy)
        await self.announce()

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def item(self) -> Routes:
        item = self.routes.read()
        assert item is not None
        return item

    def heard_on_aws(self, connection_id: str) -> list[Any]:
        return [json.loads(message) for message in self.endpoint.received[connection_id]]

    def orders(self, token: str) -> list[Any]:
        return [
            order
            for path, order in self.edge.orders
            if path == "/moves" and token in order["tokens"]
        ]


@pytest.fixture
def world(
    dynamodb: DynamoDBClient,
    routes: RouteTable,
    known_tokens: KnownTokens,
    subscriptions: SubscriptionTable,
    prices: PriceTable,
    poster: ConnectionPoster,
    endpoint: Endpoint,
    edge: Edge,
    tasks: Queue,
) -> World:
    empty_table(dynamodb, CONNECTIONS)
    rooms = EdgeRooms(EdgeClient(edge.url, [CURRENT], timeout_ms=20_000))
    parts = (routes, known_tokens, subscriptions, prices, poster, endpoint, edge, tasks, rooms)
    return World(*parts, now=time.time())


async def test_first_routing_is_written_and_announced_to_nobody(world: World) -> None:
    result = await world.up(EDGE)

    assert result == {"routing": "first"}
    assert (world.item().current, world.item().previous) == (EDGE, ())
    assert (world.tasks.size(), world.edge.orders) == (0, [])


async def test_up_returns_when_every_publisher_knows_and_a_task_does_the_rest(
    world: World,
) -> None:
    await world.up(AWS)
    client = world.a_listener_on_aws(world.a_known_token())
    began_ms = int(world.now * 1_000)

    result = await world.up(EDGE)

    assert result == {"routing": "changed"}
    assert world.now * 1_000 >= began_ms + SETTLE_MS
    assert world.heard_on_aws(client) == []
    [record] = world.tasks.take()
    assert json.loads(record["body"]) == {"task": "go_on", "dueMs": began_ms + SETTLE_MS}


async def test_client_on_aws_hears_where_its_token_went_and_its_room_is_told_to_serve_before(
    world: World,
) -> None:
    await world.up(AWS)
    token = world.a_known_token()
    newest = an_update(token, timestamp=int(time.time()))
    world.prices.append_all([newest], now=time.time(), retention_seconds=RETENTION_SECONDS)
    client = world.a_listener_on_aws(token)

    await world.move(EDGE)

    [message] = world.heard_on_aws(client)
    assert message.pop("jitterMs") >= 1  # a ms for each client: tests before left some, too
    assert message == {
        "type": "MOVED",
        "token": token,
        "path": "edge",
        "url": f"{world.edge.url.replace('http', 'ws', 1)}/ws/{token}",
        "liveUrl": f"{world.edge.url.replace('http', 'ws', 1)}/live",
        "after": newest.id,
    }
    [order] = world.orders(token)
    assert order["path"] == "edge"
    assert order["servedFromMs"] == world.item().since_ms + SETTLE_MS


async def test_no_client_is_told_before_the_rooms_have_taken_their_order(world: World) -> None:
    await world.up(AWS)
    client = world.a_listener_on_aws(world.a_known_token())
    await world.up(EDGE)
    world.edge.answer_order = lambda path: 500 if path == "/moves" else 200

    with pytest.raises(Unavailable):
        await world.announce()

    assert world.heard_on_aws(client) == []
    # Until it is announced, both paths are published on, without an end.
    published = world.item().open_paths("SOL", now_ms=int(world.now * 1_000) + 10**9)
    assert published == {"aws", "edge"}

    world.edge.answer_order = lambda _path: 200
    await world.announce()

    assert [message["type"] for message in world.heard_on_aws(client)] == ["MOVED"]
    assert world.item().is_announced


async def test_room_of_a_quiet_token_is_told_to_send_its_clients_away(world: World) -> None:
    await world.up(EDGE)
    token = world.a_known_token()
    world.edge.clients[token] = 500

    await world.move(AWS)

    [order] = world.orders(token)
    assert (order["path"], order["url"]) == ("aws", WEBSOCKET_URL)
    assert order["jitterMs"] == 2_000  # 500 at 250 connects a second
    [stretch] = world.item().previous
    assert stretch.until_ms is not None
    assert order["closeAtMs"] <= stretch.until_ms


async def test_both_paths_are_published_on_until_the_grace_is_over(world: World) -> None:
    await world.up(EDGE)
    token = world.a_known_token()

    await world.move(AWS)

    [stretch] = world.item().previous
    until_ms = stretch.until_ms
    assert until_ms is not None
    assert world.item().open_paths(token, now_ms=until_ms - 1) == {"aws", "edge"}
    assert world.item().open_paths(token, now_ms=until_ms) == {"aws"}


async def test_grace_begins_when_the_last_client_had_its_turn(world: World) -> None:
    await world.up(EDGE)
    world.edge.clients[world.a_known_token()] = 10_000  # 40 s at 250 a second
    began_ms = int(world.now * 1_000)

    await world.move(AWS)

    [stretch] = world.item().previous
    assert stretch.until_ms is not None
    assert stretch.until_ms >= began_ms + SETTLE_MS + 40_000 + GRACE_MS


async def test_same_routing_again_announces_nothing(world: World) -> None:
    await world.up(EDGE)
    client = world.a_listener_on_aws(world.a_known_token())

    assert await world.up(EDGE) == {"routing": "unchanged"}

    assert world.tasks.size() == 0
    assert (world.heard_on_aws(client), world.edge.orders) == ([], [])


async def test_same_routing_again_adds_the_task_of_a_change_that_is_not_done(world: World) -> None:
    await world.up(AWS)
    client = world.a_listener_on_aws(world.a_known_token())
    await world.up(EDGE)
    world.tasks.take()

    assert await world.up(EDGE) == {"routing": "continued"}

    assert world.tasks.size() == 1
    await world.announce()
    assert len(world.heard_on_aws(client)) == 1


async def test_edge_that_does_not_answer_stops_a_change_that_leads_to_it(world: World) -> None:
    await world.up(AWS)
    world.a_known_token()
    world.edge.answer_order = lambda _path: 500

    with pytest.raises(Unavailable, match="nothing was moved to it"):
        await world.up(EDGE)

    assert world.item().current == AWS
    assert world.tasks.size() == 0


async def test_edge_that_does_not_answer_does_not_stop_a_change_away_from_it(world: World) -> None:
    """That is the rollback. The rooms are told once they can be."""
    await world.up(EDGE)
    token = world.a_known_token()
    world.edge.answer_order = lambda _path: 500

    await world.move(AWS)
    assert world.item().is_announced
    with pytest.raises(Unavailable):  # so the task comes again
        await world.finish()

    world.edge.answer_order = lambda _path: 200
    world.edge.orders.clear()
    await world.finish()

    assert [order["path"] for order in world.orders(token)] == ["aws"]
    assert world.item().to_do is None


async def test_two_ups_at_once_do_not_overwrite_each_other(world: World) -> None:
    await world.up(AWS)
    client = world.a_listener_on_aws(world.a_known_token())
    seen = world.item()
    await world.up(EDGE)

    late = seen.changed(Policy(edge_is_on=True, edge_percent=0), now_ms=1)
    assert not world.routes.replace(seen, late)
    assert not world.routes.replace(None, late)

    assert world.item().current == EDGE
    await world.announce()
    assert len(world.heard_on_aws(client)) == 1


async def test_item_of_an_older_release_can_be_replaced(world: World, dynamodb: Any) -> None:
    await world.up(AWS)
    dynamodb.update_item(
        TableName="test-RoutesTable",
        Key={"id": {"S": "ROUTING"}},
        UpdateExpression="REMOVE #version",
        ExpressionAttributeNames={"#version": "version"},
    )

    await world.move(EDGE)

    assert world.item().current == EDGE


async def test_client_that_is_left_when_the_grace_is_over_is_told_and_unsubscribed(
    world: World,
) -> None:
    await world.up(AWS)
    token, staying = world.a_known_token(), world.a_known_token()
    left = world.a_listener_on_aws(token)
    listens_to_both = world.a_listener_on_aws(token)
    world.subscriptions.subscribe(listens_to_both, {staying: "all"}, now=world.now)
    some = Policy(edge_is_on=True, edge_tokens=frozenset({token}), edge_percent=0)

    await world.move(some)
    assert world.listens(left, token)
    await world.finish()

    for client in (left, listens_to_both):
        assert [message["type"] for message in world.heard_on_aws(client)] == ["MOVED", "MOVED"]
        assert not world.listens(client, token)
    assert world.endpoint.closed == [left]  # the other one still hears `staying`
    assert world.listens(listens_to_both, staying)
    assert world.item().to_do is None


async def test_change_back_within_the_grace_ends_no_subscription(world: World) -> None:
    await world.up(AWS)
    token = world.a_known_token()
    client = world.a_listener_on_aws(token)
    await world.move(EDGE)

    await world.up(AWS)
    await world.finish()

    assert world.listens(client, token)
    assert world.endpoint.closed == []


async def test_more_than_a_page_of_tokens_and_of_clients(world: World, listen: Listen) -> None:
    await world.up(AWS)
    tokens = [a_token() for _ in range(2_010)]
    world.known_tokens.note(tokens, now=world.now)
    clients = listen(tokens[0], 510)

    await world.move(EDGE)

    ordered = [token for _, order in world.edge.orders for token in order["tokens"]]
    assert set(tokens) <= set(ordered)
    assert all(len(world.heard_on_aws(client)) == 1 for client in clients)


async def go_down(world: World) -> EdgeHealth:
    down = EdgeHealth(state="down", since_ms=int(world.now * 1_000))
    assert world.routes.replace_health(world.item().health, down)
    return down


async def recover(world: World) -> None:
    health = EdgeHealth(state="recovering", since_ms=int(world.now * 1_000))
    assert world.routes.replace_health(world.item().health, health)


async def test_clients_that_fled_to_aws_are_called_back_and_then_all_is_well(world: World) -> None:
    await world.up(EDGE)
    token = world.a_known_token()
    client = world.a_listener_on_aws(token)
    await recover(world)

    next_ms = await world.go_on()

    assert [message["path"] for message in world.heard_on_aws(client)] == ["edge"]
    assert next_ms == world.item().health.until_ms
    assert world.item().open_paths(token, now_ms=int(world.now * 1_000)) == {"aws", "edge"}

    await world.finish()

    assert (world.item().health.state, world.item().to_do) == ("well", None)
    assert world.item().open_paths(token, now_ms=int(world.now * 1_000)) == {"edge"}
    assert not world.listens(client, token)


async def test_edge_that_went_down_again_calls_nobody_back(world: World) -> None:
    await world.up(EDGE)
    client = world.a_listener_on_aws(world.a_known_token())
    await go_down(world)

    await world.finish()

    assert world.heard_on_aws(client) == []
    assert world.item().health.state == "down"


async def test_recovery_in_the_middle_of_a_change_begins_it_anew(world: World) -> None:
    """The edge was down when the page of this client came, so it was passed over."""
    await world.up(AWS)
    client = world.a_listener_on_aws(world.a_known_token())
    await world.up(EDGE)
    item = world.item()
    assert item.work is not None
    passed_over = replace(item, work=replace(item.work, step="leave"))
    assert world.routes.replace(item, passed_over)
    await recover(world)

    await world.announce()

    assert [message["path"] for message in world.heard_on_aws(client)] == ["edge"]
    await world.finish()
    assert (world.item().health.state, world.item().to_do) == ("well", None)


async def test_rooms_that_could_not_be_told_are_not_forgotten_with_the_next_change(
    world: World,
) -> None:
    await world.up(EDGE)
    token = world.a_known_token()
    world.edge.answer_order = lambda _path: 500
    await world.move(AWS)
    [stretch] = world.item().previous
    world.now = (stretch.until_ms or 0) / 1_000 + 1

    world.edge.answer_order = lambda _path: 200
    other = Policy(edge_is_on=True, edge_percent=0, edge_tokens=frozenset({world.a_known_token()}))
    await world.up(other)
    world.edge.orders.clear()
    await world.finish()

    assert [order["path"] for order in world.orders(token)] == ["aws"]


async def test_price_table_that_does_not_answer_has_the_page_repeated(world: World) -> None:
    await world.up(AWS)
    client = world.a_listener_on_aws(world.a_known_token())
    await world.up(EDGE)
    real = world.prices
    world.prices = PriceTable(aws.dynamodb(REGION), "missing")
    with pytest.raises(Unavailable):
        await world.announce()
    assert not world.item().is_announced

    world.prices = real
    await world.announce()

    assert [message["type"] for message in world.heard_on_aws(client)] == ["MOVED"]
