"""Backfill: what Helius lost is read at the chain, by either method, and stored once."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from functions.glow.prices.table import PriceTable
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import Routes
from functions.glow.routing.table import RouteTable
from functions.glow.trades.gatekeeper import Gatekeeper
from functions.glow.trades.parse import parse_transactions
from functions.glow.update import Update, parse_update
from functions.glow.usd import NO_DOLLARS
from ops.backfill.access import Target, store_of, target_of
from ops.backfill.command import run
from ops.backfill.node import MAX_ANSWER_BYTES, MAX_TRIES, Node, Pace
from ops.backfill.store import Store, Tally
from ops.deployed import DeployedStack
from ops.errors import OpsError
from ops.settings import parse_config
from tests.functions.builders import RETENTION_SECONDS
from tests.functions.chain import Chain, Transaction, signature_of, swaps
from tests.functions.cloud import PRICES, ROUTES, Queue, put_routes
from tests.functions.node import KEY, Reply, error, result
from tests.serving import serving

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

HOUR = 3_600
BOTH = pytest.mark.parametrize("is_plain", [True, False], ids=["plain", "helius"])


@pytest.fixture
def mint() -> str:
    """A mint that no other test trades; the recorded one in length."""
    return f"Mint{uuid.uuid4().hex}{uuid.uuid4().hex}"[:44].replace("0", "1")


@pytest.fixture
def now() -> int:
    return int(time.time())


def body_of(reply: Reply) -> bytes:
    assert reply is not None
    return reply[1]


class Backfill:
    """Runs it against the tables of these tests."""

    def __init__(self, dynamodb: DynamoDBClient, mint: str, *, max_jump: int = 0) -> None:
        self.prices = PriceTable(dynamodb, PRICES)
        self.mint = mint
        self.published: list[Update] = []
        self._known = KnownTokens(dynamodb, ROUTES)
        self._max_jump = max_jump
        self.pauses: list[float] = []

    def run(self, chain: Chain, *, seconds: int = HOUR, publishes: bool = False) -> Tally:
        node = Node(chain.url, Pace(1_000_000, sleep=self.pauses.append), sleep=self.pauses.append)
        store = Store(
            prices=self.prices,
            gate=Gatekeeper(self.prices, self._max_jump),
            known_tokens=self._known,
            tokens=frozenset({self.mint}),
            retention_seconds=RETENTION_SECONDS,
            dollars=NO_DOLLARS,
            publish=self.published.extend if publishes else None,
        )
        target = Target([self.mint], frozenset({self.mint}))
        try:
            run(node, store, target, seconds=seconds, now=time.time(), shows_progress=False)
        finally:
            node.close()
        return store.tally

    def stored(self) -> list[Update]:
        return self.prices.tail(self.mint, limit=10_000, now=time.time())


@pytest.fixture
def backfill(dynamodb: DynamoDBClient, mint: str) -> Backfill:
    return Backfill(dynamodb, mint)


def came_live(prices: PriceTable, transactions: list[Transaction], mint: str) -> list[Update]:
    """Store them as the webhook did."""
    now = time.time()
    trades = parse_transactions(transactions, tokens=frozenset({mint}), now=now)
    prices.append_all(list(trades.updates), now=now, retention_seconds=RETENTION_SECONDS)
    return list(trades.updates)


@BOTH
def test_what_was_missed_is_stored_once_and_marked(
    backfill: Backfill, mint: str, now: int, *, is_plain: bool
) -> None:
    history = swaps(250, first_second=now - 600, mint=mint)
    live = came_live(backfill.prices, history[:100] + history[150:], mint)

    with serving(Chain(history, is_plain=is_plain)) as chain:
        tally = backfill.run(chain)
        again = backfill.run(chain)

    stored = backfill.stored()
    assert [update.tx_signature for update in stored] == [signature_of(each) for each in history]
    by_source = {update.tx_signature: update.source for update in stored}
    assert {by_source[update.tx_signature] for update in live} == {"amm"}
    assert [by_source[signature_of(each)] for each in history[100:150]] == ["backfill"] * 50
    assert (tally.stored, again.stored) == (50, 0)
    assert tally.missing == 0
    assert backfill.published == []


def test_plain_node_is_not_asked_for_what_is_stored(
    backfill: Backfill, mint: str, now: int
) -> None:
    history = swaps(60, first_second=now - 600, mint=mint)
    came_live(backfill.prices, history[:50], mint)

    with serving(Chain(history, is_plain=True)) as chain:
        backfill.run(chain)
        asked = [each["params"][0] for each in chain.asked if each["method"] == "getTransaction"]

    assert sorted(asked) == sorted(signature_of(each) for each in history[50:])


REFUSALS: dict[str, Reply] = {
    "HTTP 403, by the plan": (403, b'{"error": "not in your plan"}'),
    "HTTP 404 with -32601": (404, body_of(error(-32601))),
    "HTTP 400 with -32600": (400, body_of(error(-32600))),
    "HTTP 405": (405, b""),
    "-32600": error(-32600),
    "-32601": error(-32601),
    "-32602": error(-32602),
    "a version that is not read": error(-32015),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_node_that_refuses_whole_transactions_is_asked_for_one_after_the_other_at_once(
    backfill: Backfill, mint: str, now: int, refusal: Reply
) -> None:
    chain = Chain(swaps(3, first_second=now - 600, mint=mint), is_plain=True)
    chain.faults = [refusal]

    with serving(chain):
        tally = backfill.run(chain)

    assert (tally.stored, tally.missing) == (3, 0)
    assert [each["method"] for each in chain.asked].count("getTransactionsForAddress") == 1
    assert max(backfill.pauses, default=0) < 1


def test_page_that_is_refused_is_read_one_by_one_from_there(
    backfill: Backfill, mint: str, now: int
) -> None:
    history = swaps(250, first_second=now - 600, mint=mint)

    with serving(_RefusesAfter(1, history, is_plain=False)) as chain:
        tally = backfill.run(chain)
        single = [each["params"][0] for each in chain.asked if each["method"] == "getTransaction"]

    assert [update.tx_signature for update in backfill.stored()] == [*map(signature_of, history)]
    assert sorted(single) == sorted(signature_of(each) for each in history[99:])
    assert (tally.stored, tally.duplicates) == (250, 1)


class _RefusesAfter(Chain):
    """Has a transaction that nobody here reads after so many pages."""

    def __init__(self, pages: int, history: list[Transaction], *, is_plain: bool) -> None:
        super().__init__(history, is_plain=is_plain)
        self.pages = pages

    def reply(self, request: Any) -> Reply:
        reply = super().reply(request)
        if request["method"] == "getTransactionsForAddress":
            self.pages -= 1
            return error(-32015) if self.pages < 0 else reply
        return reply


@BOTH
def test_only_the_time_that_was_asked_for_is_read(
    backfill: Backfill, mint: str, now: int, *, is_plain: bool
) -> None:
    old = swaps(20, first_second=now - 7_000, mint=mint)
    history = old + swaps(40, first_second=now - 600, mint=mint)[20:]

    with serving(Chain(history, is_plain=is_plain)) as chain:
        tally = backfill.run(chain, seconds=HOUR)

    assert tally.stored == 20


@BOTH
def test_failed_transactions_are_no_trades(
    backfill: Backfill, mint: str, now: int, *, is_plain: bool
) -> None:
    history = swaps(4, first_second=now - 600, mint=mint)
    history[1]["meta"]["err"] = {"InstructionError": [0, "Custom"]}

    with serving(Chain(history, is_plain=is_plain)) as chain:
        assert backfill.run(chain).stored == 3


@BOTH
def test_run_that_was_cut_off_goes_on_where_it_was(
    backfill: Backfill, mint: str, now: int, *, is_plain: bool
) -> None:
    history = swaps(250, first_second=now - 600, mint=mint)

    with serving(_DiesAfter(120, history, is_plain=is_plain)) as chain:
        with pytest.raises(OpsError, match="run it again"):
            backfill.run(chain)
        before = len(backfill.stored())
        chain.lives = 10_000
        tally = backfill.run(chain)

    assert before == 100
    assert tally.stored == 150
    assert len(backfill.stored()) == 250


class _DiesAfter(Chain):
    """Answers 503 after so many transactions."""

    def __init__(self, lives: int, history: list[Transaction], *, is_plain: bool) -> None:
        super().__init__(history, is_plain=is_plain)
        self.lives = lives

    def reply(self, request: Any) -> Reply:
        costs = {"getTransaction": 1, "getTransactionsForAddress": 0 if self.is_plain else 100}
        self.lives -= costs.get(request["method"], 0)
        return (503, b"") if self.lives < 0 else super().reply(request)


def test_clients_hear_it_in_order_only_if_that_is_wished(
    backfill: Backfill, mint: str, now: int
) -> None:
    history = swaps(150, first_second=now - 600, mint=mint, per_second=5)

    with serving(Chain(history, is_plain=True)) as chain:
        tally = backfill.run(chain, publishes=True)

    heard = [update.tx_signature for update in backfill.published]
    assert heard == [signature_of(each) for each in history]
    assert tally.published == 150
    assert {update.source for update in backfill.published} == {"backfill"}


def test_what_is_published_takes_the_paths_of_the_stack(
    queue: Queue, tasks: Queue, later: Queue, routes: RouteTable, mint: str, now: int
) -> None:
    """By its outputs and its config, as the command reads them."""
    config = {"glow:HeliusWebhookSecret": {"value": "the-secret-of-helius", "secret": True}}
    settings = parse_config(json.dumps(config), stack="dev")
    outputs = {
        "PriceTableName": PRICES,
        "RoutesTableName": ROUTES,
        "BroadcastQueueUrl": queue.url,
        "RouteQueueUrl": tasks.url,
        "LaterQueueUrl": later.url,
    }
    target = target_of(settings, [mint])
    store = store_of(DeployedStack("dev", outputs), settings, target, publishes=True)
    history = swaps(3, first_second=now - 60, mint=mint)
    put_routes(routes, Routes(current=Policy(edge_is_on=False)))

    store.take(history, now=time.time())

    heard = [parse_update(record["body"]) for record in queue.take()]
    assert [update.tx_signature for update in heard] == [signature_of(each) for each in history]
    assert {update.source for update in heard} == {"backfill"}


def test_wrong_price_stays_a_suspect_and_is_told(
    dynamodb: DynamoDBClient, mint: str, now: int
) -> None:
    """The gate is the webhook's. Only a trade of the backfill itself can agree with it."""
    backfill = Backfill(dynamodb, mint, max_jump=20)
    history = swaps(5, first_second=now - 600, mint=mint)
    _multiply_price(history[3], 1_000)

    with serving(Chain(history, is_plain=False)) as chain:
        tally = backfill.run(chain, publishes=True)

    assert (tally.stored, tally.suspects) == (4, 1)
    suspect = signature_of(history[3])
    assert suspect not in {update.tx_signature for update in backfill.stored()}
    assert suspect not in {update.tx_signature for update in backfill.published}


def _multiply_price(transaction: Transaction, factor: int) -> None:
    """So many times the lamports for the same tokens."""
    meta = transaction["meta"]
    paid = meta["postBalances"][1] - meta["preBalances"][1]
    meta["preBalances"][0] += paid * (factor - 1)
    meta["postBalances"][1] += paid * (factor - 1)


@BOTH
def test_busy_node_is_asked_again_with_growing_pauses(
    backfill: Backfill, mint: str, now: int, *, is_plain: bool
) -> None:
    history = swaps(3, first_second=now - 600, mint=mint)
    chain = Chain(history, is_plain=is_plain)
    chain.faults = [(429, b""), (503, b""), None, error(-32005)]

    with serving(chain):
        assert backfill.run(chain).stored == 3

    longest = [2.0, 4.0, 8.0, 16.0]
    waited = [pause for pause in backfill.pauses if pause >= 1]
    assert len(waited) == 4
    assert all(most / 2 <= pause <= most for pause, most in zip(waited, longest, strict=True))


HOSTILE: list[tuple[str, Reply]] = [
    ("html", (200, f"<html>{KEY}".encode())),
    ("key-refused", (401, KEY.encode())),
    ("plan-refuses", (403, KEY.encode())),
    ("params-refused", error(-32602, KEY)),
    ("version-refused", error(-32015, KEY)),
    ("too-long", (200, b" " * (MAX_ANSWER_BYTES + 1))),
    ("no-result", (200, b"{}")),
    ("breaks", None),
]


@BOTH
@pytest.mark.parametrize(
    "reply", [reply for _, reply in HOSTILE], ids=[name for name, _ in HOSTILE]
)
def test_node_that_never_answers_well_is_an_error_without_its_url(
    backfill: Backfill,
    mint: str,
    now: int,
    caplog: pytest.LogCaptureFixture,
    reply: Reply,
    *,
    is_plain: bool,
) -> None:
    chain = Chain(swaps(1, first_second=now - 60, mint=mint), is_plain=is_plain)
    chain.faults = [error(-32601)] * is_plain + [reply] * MAX_TRIES
    caplog.set_level("INFO")

    with serving(chain), pytest.raises(OpsError, match="glow:RpcUrl") as caught:
        backfill.run(chain)

    assert KEY not in f"{caught.value}{caught.value.__cause__}{caplog.text}"


@pytest.mark.parametrize(
    ("is_plain", "data"),
    [(is_plain, data) for is_plain in (True, False) for data in (None, {}, {"data": [7]}, "text")]
    + [(True, [7]), (True, {"data": []}), (False, []), (False, {"data": None})],
    ids=str,
)
def test_page_that_is_none_is_an_error(
    backfill: Backfill, mint: str, now: int, data: object, *, is_plain: bool
) -> None:
    chain = Chain(swaps(1, first_second=now - 60, mint=mint), is_plain=is_plain)
    chain.faults = [error(-32601)] * is_plain + [result(data)]

    with serving(chain), pytest.raises(OpsError, match="something else"):
        backfill.run(chain)


@BOTH
def test_page_that_leads_to_itself_is_an_error(
    backfill: Backfill, mint: str, now: int, *, is_plain: bool
) -> None:
    history = swaps(2, first_second=now - 60, mint=mint)
    listed = [{"signature": signature_of(each), "blockTime": now - 60} for each in history]
    page = listed if is_plain else {"data": history, "paginationToken": "1:1"}
    chain = Chain(history, is_plain=is_plain)
    chain.faults = [error(-32601)] * is_plain + [result(page)] * 3

    with serving(chain), pytest.raises(OpsError, match="same page for ever"):
        backfill.run(chain)

    assert len(chain.asked) == 2 + is_plain


def test_transaction_that_the_node_does_not_answer_is_counted(
    backfill: Backfill, mint: str, now: int
) -> None:
    history = swaps(5, first_second=now - 60, mint=mint)
    chain = Chain(history, is_plain=True)
    chain.unknown = {signature_of(history[2])}

    with serving(chain):
        tally = backfill.run(chain)

    assert (tally.stored, tally.missing) == (4, 1)


def test_node_is_asked_no_faster_than_it_may_be() -> None:
    times = iter([0.0, 0.0, 0.1, 5.0])
    waits: list[float] = []
    pace = Pace(2, clock=lambda: next(times), sleep=waits.append)

    for _ in range(4):
        pace.wait()

    assert waits == [0.5, 0.9]
