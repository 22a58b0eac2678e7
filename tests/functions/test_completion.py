"""Completion: what came trimmed is asked for at the chain, and published late."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from functions.glow.prices.table import PriceTable
from functions.glow.queues.batch import SqsRecord
from functions.glow.trades.completion import PATIENCE_SECONDS
from functions.glow.update import Update, id_at, parse_update
from tests.functions.builders import a_batch, a_record, a_signature, an_http_event, failures
from tests.functions.cloud import Queue
from tests.functions.conftest import Load
from tests.functions.node import KEY, Node, Reply, a_swap, a_trimmed_swap, error, node, result

MINT = "DgWA3F1w6fzhf4jtphvBAcSqbK9iXHqmMRH6Sr1Gpump"
PRICE = pytest.approx(5.538127e-8, rel=1e-6)


@pytest.fixture
def rpc() -> Iterator[Node]:
    with node() as running:
        yield running


@pytest.fixture
def worker(load: Load, rpc: Node) -> ModuleType:
    # The trades of these tests are of one mint: no gate, or one would be another's suspect.
    return load("completion", RPC_URL=rpc.url, MAX_PRICE_JUMP="0")


@pytest.fixture
def signature() -> str:
    return a_signature()


def an_order(signature: str, *, age: int = 0) -> SqsRecord:
    order = {"txSignature": signature, "orderedAt": int(time.time()) - age}
    return a_record(json.dumps(order), group=None)


def stored(prices: PriceTable, signature: str) -> list[Update]:
    now = time.time()
    arrivals = prices.arrivals_after(MINT, id_at(int(now) - 600), limit=500, now=now)
    return [row.update for row in arrivals if row.update.tx_signature == signature]


def published(queue: Queue, signature: str) -> list[Update]:
    updates = [parse_update(record["body"]) for record in queue.take()]
    return [update for update in updates if update.tx_signature == signature]


def post(webhook: ModuleType, body: object) -> dict[str, Any]:
    event = an_http_event(
        "POST /webhook/price", body=json.dumps(body), headers={"authorization": "Bearer current"}
    )
    answer = webhook.handler(event, None)
    assert answer["statusCode"] == 200, answer
    return json.loads(answer["body"])


def test_trimmed_trade_is_completed_stored_and_published(
    load: Load,
    worker: ModuleType,
    rpc: Node,
    signature: str,
    completions: Queue,
    queue: Queue,
    prices: PriceTable,
) -> None:
    now = int(time.time())
    rpc.tell(signature, result(a_swap(signature, now=now)))

    receipt = post(load("webhook"), [a_trimmed_swap(signature, now=now)])
    assert [skip["reason"] for skip in receipt["skipped"]] == ["trimmed"]
    assert rpc.asked == []  # the webhook has one second
    (order,) = completions.receive(wait_seconds=5)
    answer = worker.handler(a_batch([order]), None)

    assert failures(answer) == []
    (update,) = stored(prices, signature)
    assert (float(update.price), update.side, update.timestamp) == (PRICE, "buy", now)
    assert published(queue, signature) == [update]
    (request,) = rpc.asked
    assert request["params"][1] == {
        "commitment": "confirmed",
        "encoding": "json",
        "maxSupportedTransactionVersion": 1,
    }


RELAYED: dict[str, Callable[[dict[str, Any]], object]] = {
    "no-accounts": lambda body: body.pop("accountData"),
    "accounts-left-empty": lambda body: body.update(accountData=[]),
    "no-fee-payer": lambda body: body.pop("feePayer"),
    "amount-as-float": lambda body: body["accountData"][0].update(nativeBalanceChange=0.5),
}


@pytest.mark.parametrize("change", RELAYED.values(), ids=RELAYED)
def test_what_a_relay_left_out_or_spoiled_is_ordered(
    load: Load, completions: Queue, signature: str, change: Callable[[dict[str, Any]], object]
) -> None:
    body = a_trimmed_swap(signature, now=int(time.time()))
    change(body)

    post(load("webhook"), [body])

    (order,) = completions.receive(wait_seconds=5)
    assert json.loads(order["body"])["txSignature"] == signature


def test_order_that_the_queue_does_not_take_is_ordered_by_the_next_try(
    load: Load, completions: Queue, queue: Queue, prices: PriceTable
) -> None:
    now = int(time.time())
    whole, trimmed = a_signature(), a_signature()
    body = json.dumps([a_swap(whole, now=now), a_trimmed_swap(trimmed, now=now)])
    event = an_http_event(
        "POST /webhook/price", body=body, headers={"authorization": "Bearer current"}
    )

    gone = f"{completions.url}-gone"
    broken = load("webhook", COMPLETION_QUEUE_URL=gone, MAX_PRICE_JUMP="0").handler(event, None)
    assert broken["statusCode"] == 503
    assert [update.tx_signature for update in stored(prices, whole)] == [whole]
    assert len(published(queue, whole)) == 1
    mended = load("webhook", MAX_PRICE_JUMP="0").handler(event, None)

    assert json.loads(mended["body"])["duplicates"] == 1
    (order,) = completions.receive(wait_seconds=5)
    assert json.loads(order["body"])["txSignature"] == trimmed


def test_trade_that_was_told_whole_is_not_ordered(
    load: Load, completions: Queue, signature: str
) -> None:
    now = int(time.time())
    failed = a_trimmed_swap(a_signature(), now=now) | {"transactionError": {"Custom": 1}}

    receipt = post(load("webhook", MAX_PRICE_JUMP="0"), [a_swap(signature, now=now), failed])

    assert receipt["stored"] == 1
    assert completions.size() == 0


def test_order_that_comes_twice_stores_once(
    worker: ModuleType, rpc: Node, signature: str, prices: PriceTable
) -> None:
    rpc.tell(signature, result(a_swap(signature, now=int(time.time()))))

    for _ in range(2):
        assert failures(worker.handler(a_batch([an_order(signature)] * 2), None)) == []

    assert len(stored(prices, signature)) == 1


def test_body_orders_no_more_than_it_may(load: Load, completions: Queue) -> None:
    now = int(time.time())
    trimmed = [a_trimmed_swap(a_signature(), now=now) for _ in range(5)]

    post(load("webhook", COMPLETIONS_PER_BODY="2"), trimmed)
    assert completions.size() == 2
    post(load("webhook", COMPLETIONS_PER_BODY="0"), trimmed)
    assert completions.size() == 2


def test_what_the_stack_does_not_stream_is_not_ordered(load: Load, completions: Queue) -> None:
    trimmed = a_trimmed_swap(a_signature(), now=int(time.time()))

    post(load("webhook", tokens=["OTHER=Mint1111"]), [trimmed])
    ordered = completions.size()
    receipt = post(load("webhook", tokens=["OTHER=Mint1111"]), [trimmed])

    named = [skip.get("token") for skip in receipt["skipped"]]
    assert ordered == (1 if named == [None] else 0)


def test_transaction_that_is_not_there_yet_comes_again(
    worker: ModuleType, rpc: Node, signature: str, prices: PriceTable
) -> None:
    rpc.tell(signature, result(None), result(a_swap(signature, now=int(time.time()))))
    order = an_order(signature)

    assert failures(worker.handler(a_batch([order]), None)) == [order["messageId"]]
    assert failures(worker.handler(a_batch([order]), None)) == []

    assert len(stored(prices, signature)) == 1


def test_transaction_that_never_was_is_given_up(
    worker: ModuleType, signature: str, later_dead_letters: Queue
) -> None:
    order = an_order(signature, age=PATIENCE_SECONDS)

    assert failures(worker.handler(a_batch([order]), None)) == []
    assert later_dead_letters.size() == 0


Answering = Callable[[str], Reply]
"""What the node says of the transaction with that signature."""

SECRET_PAGE = f"<html>https://node/?api-key={KEY}</html>".encode()
DEEP = b'{"result":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def altered(change: Callable[[dict[str, Any]], None]) -> Answering:
    def reply(signature: str) -> Reply:
        transaction = a_swap(signature, now=int(time.time()))
        change(transaction)
        return result(transaction)

    return reply


def always(reply: Reply) -> Answering:
    return lambda _: reply


COMES_AGAIN: dict[str, Answering] = {
    "429": always((429, b"slow down")),
    "500": always((500, SECRET_PAGE)),
    "503": always((503, b"")),
    "key-refused": always((401, SECRET_PAGE)),
    "redirect": always((302, b"")),
    "connection-breaks": always(None),
    "html": always((200, SECRET_PAGE)),
    "empty": always((200, b"")),
    "not-utf-8": always((200, b"\xff\xfe")),
    "nested-too-deeply": always((200, DEEP)),
    "no-result": always((200, b"{}")),
    "array": always((200, b"[]")),
    "node-is-behind": always(error(-32004)),
    "node-is-unhealthy": always(error(-32005, SECRET_PAGE.decode())),
    "no-such-method": always(error(-32601)),
    "error-without-a-code": always(error(None)),
    "error-code-of-another-type": always(error({"code": [KEY]})),
    "error-is-text": always((200, b'{"error":"no"}')),
    "another-transaction": lambda _: result(a_swap(a_signature(), now=int(time.time()))),
    "result-is-a-list": always(result([])),
    "result-is-a-number": always(result(7)),
    "without-signatures": altered(lambda t: t["transaction"].pop("signatures")),
    "base64": altered(lambda t: t.update(transaction=["AQ==", "base64"])),
}
NEVER_SUCCEEDS: dict[str, Answering] = {
    "version-that-we-do-not-read": always(error(-32015)),
    "no-signature": always(error(-32602, SECRET_PAGE.decode())),
    "endless": always((200, b" " * (2 * 1024 * 1024))),
}
YIELDS_NOTHING: dict[str, Answering] = {
    "failed": altered(lambda t: t["meta"].update(err={"InstructionError": [0, "Custom"]})),
    "node-without-balances": altered(lambda t: t["meta"].update(postTokenBalances=None)),
    "without-meta": altered(lambda t: t.update(meta=None)),
    "damaged-balances": altered(lambda t: t["meta"].update(preBalances="x")),
    "balances-that-contradict": altered(lambda t: t["meta"]["preBalances"].__setitem__(0, 1)),
    "negative-slot": altered(lambda t: t.update(slot=-1)),
    "far-future": altered(lambda t: t.update(blockTime=int(time.time()) + 9_999)),
    "version-3": altered(lambda t: t.update(version=3)),
}


@pytest.mark.parametrize("reply", COMES_AGAIN.values(), ids=COMES_AGAIN)
def test_answer_that_may_be_better_later_is_asked_for_again(
    worker: ModuleType,
    rpc: Node,
    signature: str,
    prices: PriceTable,
    later_dead_letters: Queue,
    caplog: pytest.LogCaptureFixture,
    reply: Answering,
) -> None:
    rpc.tell(signature, reply(signature))
    order = an_order(signature, age=PATIENCE_SECONDS)

    with caplog.at_level("DEBUG"):
        assert failures(worker.handler(a_batch([order]), None)) == [order["messageId"]]

    assert stored(prices, signature) == []
    assert later_dead_letters.size() == 0
    assert_untold(caplog)


@pytest.mark.parametrize("reply", NEVER_SUCCEEDS.values(), ids=NEVER_SUCCEEDS)
def test_order_that_can_never_succeed_is_set_aside_with_the_reason(
    worker: ModuleType,
    rpc: Node,
    signature: str,
    later_dead_letters: Queue,
    caplog: pytest.LogCaptureFixture,
    reply: Answering,
) -> None:
    rpc.tell(signature, reply(signature))
    order = an_order(signature)

    with caplog.at_level("DEBUG"):
        assert failures(worker.handler(a_batch([order]), None)) == []

    (letter,) = later_dead_letters.take()
    assert letter["body"] == order["body"]
    assert "RPC node" in later_dead_letters.reasons[0]
    assert_untold(caplog, *later_dead_letters.reasons)


@pytest.mark.parametrize("reply", YIELDS_NOTHING.values(), ids=YIELDS_NOTHING)
def test_transaction_without_a_sound_price_is_done_and_stores_nothing(
    worker: ModuleType,
    rpc: Node,
    signature: str,
    prices: PriceTable,
    later_dead_letters: Queue,
    reply: Answering,
) -> None:
    rpc.tell(signature, reply(signature))

    assert failures(worker.handler(a_batch([an_order(signature)]), None)) == []

    assert stored(prices, signature) == []
    assert later_dead_letters.size() == 0


def test_transaction_whose_time_is_not_known_yet_comes_again(
    worker: ModuleType, rpc: Node, signature: str, prices: PriceTable
) -> None:
    """The id is made of it: with another time, the trade would be stored twice."""
    now = int(time.time())
    rpc.tell(
        signature,
        result(a_swap(signature, now=now) | {"blockTime": None}),
        result(a_swap(signature, now=now)),
    )
    order = an_order(signature)

    assert failures(worker.handler(a_batch([order]), None)) == [order["messageId"]]
    assert failures(worker.handler(a_batch([order]), None)) == []

    (update,) = stored(prices, signature)
    assert update.timestamp == now


@pytest.mark.parametrize("body", ["no order", "[]", "{}", '{"txSignature":"a/b","orderedAt":1}'])
def test_message_that_is_no_order_is_set_aside(
    worker: ModuleType, rpc: Node, later_dead_letters: Queue, body: str
) -> None:
    assert failures(worker.handler(a_batch([a_record(body, group=None)]), None)) == []

    assert [letter["body"] for letter in later_dead_letters.take()] == [body]
    assert rpc.asked == []


def test_good_orders_are_done_beside_bad_ones(
    worker: ModuleType, rpc: Node, prices: PriceTable
) -> None:
    good, absent, busy = (a_signature() for _ in range(3))
    rpc.tell(good, result(a_swap(good, now=int(time.time()))))
    rpc.tell(busy, (503, b""))
    orders = [an_order(each) for each in (good, absent, busy)]

    answer = worker.handler(a_batch([*orders, a_record("no order", group=None)]), None)

    assert failures(answer) == [orders[1]["messageId"], orders[2]["messageId"]]
    assert len(stored(prices, good)) == 1


def test_node_that_is_asked_too_often_is_let_alone_for_a_while(
    worker: ModuleType, rpc: Node
) -> None:
    busy, next_one = a_signature(), a_signature()
    rpc.tell(busy, (429, b""))

    worker.handler(a_batch([an_order(busy)]), None)
    order = an_order(next_one)

    assert failures(worker.handler(a_batch([order]), None)) == [order["messageId"]]
    assert [request["params"][0] for request in rpc.asked] == [busy]


def assert_untold(caplog: pytest.LogCaptureFixture, *texts: str) -> None:
    """The key of the node is in no log line, with all its fields and tracebacks, and in no `texts`."""
    told = [str(vars(record)) + caplog.handler.format(record) for record in caplog.records]
    assert KEY not in "".join([*told, *texts])
