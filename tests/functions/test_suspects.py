"""Suspects: kept back by the webhook, released by the next trade or by LaterWorker, or never."""

from __future__ import annotations

import json
import time
from types import ModuleType
from typing import Any

import pytest

from functions.glow.prices.replay import replay
from functions.glow.prices.table import PriceTable
from functions.glow.queues.batch import SqsAnswer
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import Routes
from functions.glow.routing.table import RouteTable
from functions.glow.trades.gate import RELEASE_SECONDS
from functions.glow.update import Update, id_at, parse_update
from tests.functions.builders import (
    Context,
    a_batch,
    a_record,
    a_signature,
    a_simple_trade,
    a_token,
    an_http_event,
)
from tests.functions.cloud import PRICES, Queue, put_routes
from tests.functions.conftest import Load
from tests.functions.edge import Edge

SOL = 1_000_000_000


class Market:
    """Trades of one token, one slot apart; what its clients hear, and what is due later."""

    def __init__(self, load: Load, queue: Queue, later: Queue, prices: PriceTable) -> None:
        self.token = a_token()
        self.environment = dict[str, str]()
        self.queue = queue
        self._load, self._later, self._prices = load, later, prices
        self._slot = 300_000_000

    def body(self, price: int) -> str:
        """A trade at `price` SOL."""
        self._slot += 1
        trade = json.loads(
            a_simple_trade(
                tx_signature=a_signature(), timestamp=int(time.time()), lamports=price * SOL
            )
        )
        return json.dumps(trade | {"slot": self._slot})

    def webhook(self) -> ModuleType:
        return self._load("webhook", **self.environment)

    def send(self, body: str, webhook: ModuleType | None = None) -> tuple[int, Any]:
        event = an_http_event(
            "POST /webhook/price",
            headers={"authorization": "Bearer current", "x-token": self.token},
            body=body,
        )
        answer = (webhook or self.webhook()).handler(event, None)
        return answer["statusCode"], json.loads(answer["body"])

    def trade(self, price: int) -> Any:
        status, answer = self.send(self.body(price))
        assert status == 200
        return answer

    def heard(self) -> list[int]:
        """The prices that were published since the last call."""
        return [int(parse_update(record["body"]).price) for record in self.queue.take()]

    def stored(self) -> list[int]:
        page = self._prices.page(self.token, after=id_at(0), limit=99, now=time.time())
        return [int(update.price) for update in page.updates]

    def newest(self) -> Update | None:
        return self._prices.newest(self.token, now=time.time())

    def orders(self) -> list[str]:
        """The messages to LaterWorker, taken as soon as they are due."""
        deadline = time.monotonic() + RELEASE_SECONDS + 20
        orders: list[str] = []
        while not orders and time.monotonic() < deadline:
            received = self._later.receive(wait_seconds=1)
            for record in received:
                self._later.delete(record)
            orders += [record["body"] for record in received]
        return orders

    def carry_out(self, *orders: str) -> SqsAnswer:
        records = [a_record(order, group=None) for order in orders]
        return self._load("later", **self.environment).handler(a_batch(records), Context())


@pytest.fixture
def market(load: Load, queue: Queue, later: Queue, prices: PriceTable) -> Market:
    market = Market(load, queue, later, prices)
    market.trade(1)
    assert market.heard() == [1]
    return market


def order_of(market: Market, body: str) -> str:
    trade = json.loads(body)
    id_ = f"{trade['timestamp']:010d}-{trade['slot']:012d}-{trade['txSignature'][:16]}"
    return json.dumps({"kind": "release", "token": market.token, "id": id_})


def test_suspect_is_named_and_neither_counted_nor_published_nor_read(
    market: Market, prices: PriceTable
) -> None:
    first = market.newest()
    body = market.body(1_000)
    status, answer = market.send(body)

    assert (status, answer["stored"], answer["duplicates"]) == (200, 0, 0)
    [skip] = answer["skipped"]
    assert (skip["reason"], skip["token"]) == ("suspect", market.token)
    assert skip["txSignature"] == json.loads(body)["txSignature"]
    assert (market.heard(), market.stored(), market.newest()) == ([], [1], first)
    assert first is not None
    assert replay(prices, market.token, first.id, now=time.time()).updates == []


def test_trade_that_agrees_releases_both_in_their_order(market: Market) -> None:
    market.trade(1_000)
    answer = market.trade(1_100)

    assert (answer["stored"], answer["skipped"]) == (1, [])
    assert market.heard() == [1_000, 1_100]
    assert market.stored() == [1, 1_000, 1_100]


def test_trade_at_the_old_price_contradicts_and_the_suspect_is_never_seen(market: Market) -> None:
    suspect = market.body(1_000)
    market.send(suspect)
    market.trade(1)
    again = market.trade(1_000)

    assert market.carry_out(order_of(market, suspect)) == {"batchItemFailures": []}
    assert [skip["reason"] for skip in again["skipped"]] == ["suspect"]
    assert market.heard() == [1]
    assert market.stored() == [1, 1]


def test_last_trade_of_a_rug_pull_is_released_after_ten_seconds(market: Market) -> None:
    started = time.monotonic()
    market.trade(1_000)

    [order] = market.orders()
    assert time.monotonic() - started >= RELEASE_SECONDS - 1
    market.carry_out(order)

    assert market.heard() == [1_000]
    assert market.stored() == [1, 1_000]


def test_order_that_comes_twice_is_harmless(market: Market) -> None:
    """The queue that clients are served from drops what it has seen."""
    suspect = market.body(1_000)
    market.send(suspect)

    market.carry_out(*[order_of(market, suspect)] * 2)

    assert market.heard() == [1_000]
    assert market.stored() == [1, 1_000]


def test_release_that_could_not_be_published_comes_again(market: Market) -> None:
    suspect = market.body(1_000)
    market.send(suspect)
    order = order_of(market, suspect)

    market.environment = {"BROADCAST_QUEUE_URL": f"{market.queue.url}-missing"}
    assert market.carry_out(order)["batchItemFailures"]
    market.environment = {}
    assert market.carry_out(order) == {"batchItemFailures": []}

    assert market.heard() == [1_000]


def test_body_of_a_suspect_sent_again_stores_and_publishes_nothing(market: Market) -> None:
    suspect = market.body(1_000)
    first, again = (market.send(suspect) for _ in range(2))

    assert first == again
    assert (market.heard(), market.stored()) == ([], [1])


def test_crash_before_the_order_was_sent_heals_with_the_next_try(market: Market) -> None:
    suspect = market.body(1_000)
    market.environment = {"LATER_QUEUE_URL": "missing"}
    lost, _ = market.send(suspect)
    market.environment = {}
    healed, _ = market.send(suspect)

    assert (lost, healed) == (503, 200)
    assert market.orders() == [order_of(market, suspect).replace(" ", "")]


def test_crash_between_release_and_publish_heals_with_the_order(
    market: Market, prices: PriceTable
) -> None:
    suspect = market.body(1_000)
    market.send(suspect)
    [row] = [
        row
        for row in prices.recent(market.token, since=0, now=time.time())
        if row.jumped_from is not None
    ]
    prices.release([row.update], now=time.time())

    market.carry_out(order_of(market, suspect))

    assert market.heard() == [1_000]


def test_body_that_agrees_sent_again_is_a_duplicate(market: Market) -> None:
    market.trade(1_000)
    agrees = market.body(1_100)
    market.send(agrees)
    _, again = market.send(agrees)

    assert (again["stored"], again["duplicates"], again["skipped"]) == (0, 1, [])
    assert market.heard() == [1_000, 1_100]


def test_suspect_of_a_token_on_the_edge_is_released_there(
    market: Market, edge: Edge, routes: RouteTable
) -> None:
    put_routes(routes, Routes(current=Policy(edge_is_on=True)))
    market.environment = {"USE_EDGE_BROADCAST": "true"}
    suspect = market.body(1_000)
    market.send(suspect)
    assert market.token not in edge.heard

    market.carry_out(order_of(market, suspect))

    assert len(edge.heard[market.token]) == 1
    assert market.heard() == []


def test_without_a_gate_every_price_is_published(market: Market) -> None:
    market.environment = {"MAX_PRICE_JUMP": "0"}
    answer = market.trade(1_000)

    assert answer["stored"] == 1
    assert market.heard() == [1_000]


def test_table_that_cannot_be_read_stores_nothing(market: Market) -> None:
    market.environment = {"PRICES_TABLE": "missing"}

    status, _ = market.send(market.body(2))

    assert status == 503
    assert market.heard() == []


def test_gate_costs_one_read(market: Market) -> None:
    """The webhook has one second, and these calls come one after the other."""
    webhook = market.webhook()
    calls: list[str] = []

    def note(params: dict[str, Any], model: Any, **_: object) -> None:
        if PRICES in str(params["body"]):
            calls.append(model.name)

    webhook._DYNAMODB.meta.events.register("before-call.dynamodb", note)

    market.send(market.body(1), webhook)

    assert calls == ["Query", "PutItem"]
