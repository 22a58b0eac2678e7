"""HoleWatch: a trade that the chain has and the table has not is told of, and nothing else is."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import pytest

from functions.glow.chain.rpc import RpcClient
from functions.glow.errors import Unavailable
from functions.glow.holes.node import REQUESTS_PER_SECOND, PacedNode
from functions.glow.holes.watch import (
    LISTED,
    LOOK_BACK_SECONDS,
    SAMPLES,
    SETTLE_SECONDS,
    HoleWatch,
)
from functions.glow.prices.row import Details
from functions.glow.prices.table import PriceTable
from functions.glow.runtime.loop import event_loop
from functions.glow.trades.base58 import encode
from functions.glow.trades.parse import parse_transactions
from tests.functions.builders import RETENTION_SECONDS, a_signature, an_update
from tests.functions.chain import Chain, Transaction, signature_of, swaps
from tests.functions.conftest import Load
from tests.functions.node import KEY, Reply, error, result
from tests.serving import serving

OLD = 2 * SETTLE_SECONDS  # settled for sure, and not too old
FRESH = SETTLE_SECONDS // 2
A_POOL = encode(b"\x03" * 32)


@pytest.fixture
def mint() -> str:
    """A mint that no other test trades."""
    return encode(b"\x01" + bytes.fromhex(a_signature()) + b"\x02" * 15)


@pytest.fixture
def now() -> int:
    return int(time.time())


@pytest.fixture
def chain() -> Iterator[Chain]:
    with serving(Chain([], is_plain=True)) as running:
        yield running


@pytest.fixture
def store(prices: PriceTable) -> Callable[..., None]:
    """Store trades as the webhook does."""

    def take(transactions: Sequence[Transaction], *, details: Details | None = None) -> None:
        now = time.time()
        trades = parse_transactions(transactions, tokens=frozenset(), now=now)
        updates = list(trades.updates)
        all_details = None if details is None else [details] * len(updates)
        prices.append_all(updates, all_details, now=now, retention_seconds=RETENTION_SECONDS)

    return take


class Look(Protocol):
    def __call__(
        self, *, addresses: Sequence[str] | None = None, tokens: Sequence[str] | None = None
    ) -> Sequence[str]: ...


@pytest.fixture
def look(
    prices: PriceTable, chain: Chain, mint: str, caplog: pytest.LogCaptureFixture
) -> Iterator[Look]:
    """Look once; the tokens with a hole. No line of the log tells the node's key."""
    caplog.set_level(logging.DEBUG)

    def run(
        *, addresses: Sequence[str] | None = None, tokens: Sequence[str] | None = None
    ) -> Sequence[str]:
        caplog.clear()
        client = RpcClient(chain.url)
        node = PacedNode(client, finish=event_loop().run_until_complete, sleep=lambda _: None)
        watch = HoleWatch(
            node=node,
            prices=prices,
            addresses=[mint] if addresses is None else addresses,
            tokens=frozenset([mint] if tokens is None else tokens),
            every_seconds=300,
            retention_seconds=86_400,
            clock=time.time,
            sample=random.sample,
        )
        try:
            watch.run()
        finally:
            event_loop().run_until_complete(client.aclose())
        return [vars(each)["token"] for each in caplog.records if each.message == "hole_found"]

    yield run
    told = [str(vars(record)) + caplog.handler.format(record) for record in caplog.records]
    assert KEY not in "".join(told)


Store = Callable[..., None]


def later_swaps(
    count: int, *, first_second: int, mint: str, per_second: int = 1
) -> list[Transaction]:
    """Swaps beside those of `swaps`: with other signatures, in later slots."""
    found = swaps(count, first_second=first_second, mint=mint, per_second=per_second)
    for index, each in enumerate(found):
        each["transaction"]["signatures"] = [a_signature()]
        each["slot"] = 1_000 + index
    return found


def methods(chain: Chain) -> list[str]:
    return [request["method"] for request in chain.asked]


def test_token_whose_trades_are_all_stored_has_no_hole_and_costs_one_request(
    look: Look, chain: Chain, mint: str, now: int, store: Store
) -> None:
    chain.history = swaps(20, first_second=now - OLD, mint=mint)
    store(chain.history)

    assert look() == []
    assert methods(chain) == ["getSignaturesForAddress"]


def test_trades_that_nobody_stored_are_a_hole(
    look: Look,
    chain: Chain,
    mint: str,
    now: int,
    store: Store,
    caplog: pytest.LogCaptureFixture,
) -> None:
    chain.history = swaps(20, first_second=now - OLD, mint=mint)
    store(chain.history[:10])

    assert look() == [mint]
    [line] = [record for record in caplog.records if record.message == "hole_found"]
    missed = {signature_of(each) for each in chain.history[10:]}
    assert vars(line)["txSignature"] in missed
    assert vars(line)["unstored_signatures"] == 10
    assert methods(chain) == ["getSignaturesForAddress", *["getTransaction"] * SAMPLES]


def test_hole_in_the_middle_is_one_and_filled_it_is_none(
    look: Look, chain: Chain, mint: str, now: int, store: Store
) -> None:
    chain.history = swaps(20, first_second=now - OLD, mint=mint)
    store(chain.history[:9] + chain.history[10:])

    assert look() == [mint]
    store(chain.history[9:10])
    assert look() == []


@pytest.mark.parametrize(
    "age",
    [FRESH, LOOK_BACK_SECONDS + 60],
    ids=["still-on-its-way", "too-long-ago"],
)
def test_trade_that_may_still_come_or_is_long_gone_is_no_hole(
    look: Look, chain: Chain, mint: str, now: int, store: Store, age: int
) -> None:
    first, *later = swaps(3, first_second=now - LOOK_BACK_SECONDS - OLD, mint=mint)
    last = later.pop()
    store([first, last | {"blockTime": now - OLD}])
    missed = later.pop() | {"blockTime": now - age}
    chain.history = sorted([first, missed, last | {"blockTime": now - OLD}], key=_second)

    assert look() == []


def _second(transaction: Transaction) -> int:
    return transaction["blockTime"]


def _failed(transaction: Transaction) -> Transaction:
    return transaction | {
        "meta": transaction["meta"] | {"err": {"InstructionError": [0, "Custom"]}}
    }


def _a_transfer(transaction: Transaction) -> Transaction:
    """Nobody's balance changes but by the fee."""
    meta: dict[str, Any] = transaction["meta"]
    payer, *others = meta["preBalances"]
    return transaction | {
        "meta": meta
        | {
            "postBalances": [payer - meta["fee"], *others],
            "postTokenBalances": meta["preTokenBalances"],
            "innerInstructions": [],
        }
    }


def _without_balances(transaction: Transaction) -> Transaction:
    return transaction | {"meta": transaction["meta"] | {"preTokenBalances": None}}


@pytest.mark.parametrize("change", [_failed, _a_transfer, _without_balances])
def test_what_has_no_price_is_no_hole(
    look: Look,
    chain: Chain,
    mint: str,
    now: int,
    store: Store,
    change: Callable[[Transaction], Transaction],
) -> None:
    first, *others = swaps(6, first_second=now - OLD, mint=mint)
    store([first])
    chain.history = [first, *(change(each) for each in others)]

    assert look() == []


def test_suspect_is_stored_though_nobody_reads_it(
    look: Look, chain: Chain, mint: str, now: int, store: Store
) -> None:
    first, suspect = swaps(2, first_second=now - OLD, mint=mint)
    update = an_update(mint)
    store([first])
    store([suspect], details=Details(jumped_from=update.price))
    chain.history = [first, suspect]

    assert look() == []


def test_token_that_was_never_stored_is_new_and_has_no_hole(
    look: Look, chain: Chain, mint: str, now: int
) -> None:
    chain.history = swaps(5, first_second=now - OLD, mint=mint)

    assert look() == []
    assert chain.asked == []


def test_trades_before_the_token_was_streamed_are_no_hole(
    look: Look, chain: Chain, mint: str, now: int, store: Store
) -> None:
    chain.history = swaps(20, first_second=now - OLD, mint=mint)
    store(chain.history[15:])

    assert look() == []
    assert methods(chain) == ["getSignaturesForAddress"]
    assert look(addresses=[A_POOL]) == []


def test_what_failed_is_not_read(
    look: Look, chain: Chain, mint: str, now: int, store: Store
) -> None:
    first, *others = swaps(6, first_second=now - OLD, mint=mint)
    store([first])
    chain.history = [first, *(_failed(each) for each in others)]

    assert look() == []
    assert methods(chain) == ["getSignaturesForAddress"]


def test_pool_is_looked_at_for_the_tokens_that_are_traded_there(
    look: Look, chain: Chain, mint: str, now: int, store: Store
) -> None:
    chain.history = swaps(SAMPLES, first_second=now - OLD, mint=mint)
    store(chain.history)

    assert look(addresses=[A_POOL]) == []
    last = later_swaps(1, first_second=now - OLD + 30, mint=mint)
    chain.history = [*chain.history[:-1], *last]
    assert look(addresses=[A_POOL]) == [mint]
    assert look(addresses=[A_POOL], tokens=[]) == [mint]


def test_token_that_is_not_streamed_has_no_hole(
    look: Look, chain: Chain, mint: str, now: int, store: Store
) -> None:
    chain.history = swaps(5, first_second=now - OLD, mint=mint)
    store(chain.history[:1])

    assert look(tokens=["OTHER"]) == []


def test_busy_token_is_looked_at_before_a_trade_that_is_settled(
    look: Look, chain: Chain, mint: str, now: int, store: Store
) -> None:
    settled = swaps(10, first_second=now - OLD, mint=mint)
    fresh = later_swaps(LISTED + 10, first_second=now - FRESH, mint=mint, per_second=100)
    chain.history = settled + fresh
    store([*settled[:4], *settled[5:], *fresh[-1:]])

    assert look() == [mint]
    assert methods(chain)[:2] == ["getSignaturesForAddress"] * 2
    assert chain.asked[1]["params"][1]["before"] == signature_of(settled[-1])


def test_busy_token_of_which_nothing_came_for_minutes_has_a_hole(
    look: Look, chain: Chain, mint: str, now: int, store: Store
) -> None:
    before = swaps(2, first_second=now - OLD, mint=mint)
    fresh = later_swaps(LISTED + 10, first_second=now - FRESH, mint=mint, per_second=100)
    chain.history = before + fresh
    store(before)

    assert look() == [mint]


def test_node_that_is_behind_tells_nothing(
    look: Look,
    chain: Chain,
    mint: str,
    now: int,
    store: Store,
    caplog: pytest.LogCaptureFixture,
) -> None:
    old = swaps(3, first_second=now - 4 * SETTLE_SECONDS, mint=mint)
    store([*old[:1], *later_swaps(1, first_second=now, mint=mint)])
    chain.history = old

    assert look() == []
    assert "may be behind" in str([vars(record) for record in caplog.records])


@pytest.mark.parametrize(
    "fault",
    [
        (429, b"slow down"),
        (503, b""),
        (401, KEY.encode()),
        None,
        (200, f"<html>{KEY}</html>".encode()),
        error(-32005, KEY),
        error(-32602, KEY),
        result([{"signature": f"../{KEY}"}]),
        (200, b" " * (2 * 1024 * 1024)),
    ],
)
def test_node_that_does_not_answer_is_an_error_as_nobody_knows(
    look: Look, chain: Chain, mint: str, now: int, store: Store, fault: Reply
) -> None:
    chain.history = swaps(5, first_second=now - OLD, mint=mint)
    store(chain.history[:2])
    chain.faults = [fault] * 10

    with pytest.raises(Unavailable, match="no address could be looked at"):
        look()
    assert len(chain.asked) <= 2  # a connection that breaks is tried once more


def test_node_that_is_away_is_not_asked_for_every_address(
    look: Look, chain: Chain, prices: PriceTable, now: int
) -> None:
    mints = [encode(bytes([number]) * 32) for number in range(40, 50)]
    updates = [an_update(mint, timestamp=now - OLD) for mint in mints]
    prices.append_all(updates, now=now, retention_seconds=RETENTION_SECONDS)
    chain.faults = [(503, b"")] * 100

    with pytest.raises(Unavailable):
        look(addresses=mints, tokens=mints)
    assert len(chain.asked) == 2


def test_one_address_without_an_answer_hides_no_hole_of_another(
    look: Look, chain: Chain, mint: str, prices: PriceTable, now: int, store: Store
) -> None:
    other = encode(b"\x04" * 32)
    prices.append_all(
        [an_update(other, timestamp=now - OLD)], now=now, retention_seconds=RETENTION_SECONDS
    )
    chain.history = swaps(5, first_second=now - OLD, mint=mint)
    store(chain.history[:2])
    chain.faults = [(503, b"")]

    assert look(addresses=[other, mint], tokens=[other, mint]) == [mint]


def test_transaction_that_the_node_lists_and_does_not_know_is_no_hole(
    look: Look, chain: Chain, mint: str, now: int, store: Store
) -> None:
    chain.history = swaps(5, first_second=now - OLD, mint=mint)
    store(chain.history[:2])
    chain.unknown = {signature_of(each) for each in chain.history}

    assert look() == []


def test_node_is_asked_no_faster_than_it_may_be(chain: Chain, mint: str, now: int) -> None:
    chain.history = swaps(SAMPLES, first_second=now - OLD, mint=mint)
    pauses: list[float] = []
    client = RpcClient(chain.url)
    node = PacedNode(client, finish=event_loop().run_until_complete, sleep=pauses.append)

    node.signatures(mint, limit=LISTED, before=None)
    node.transactions([signature_of(each) for each in chain.history])
    node.signatures(mint, limit=LISTED, before=None)
    event_loop().run_until_complete(client.aclose())

    assert node.requests == len(chain.asked) == SAMPLES + 2
    assert sum(pauses) == pytest.approx((SAMPLES + 1) / REQUESTS_PER_SECOND)


def test_function_counts_tokens_with_a_hole(
    load: Load,
    chain: Chain,
    mint: str,
    now: int,
    store: Store,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    chain.history = swaps(5, first_second=now - OLD, mint=mint)
    store(chain.history[:2])

    load("holes", tokens=[mint], addresses=[mint], RPC_URL=chain.url).handler({}, None)

    [ended] = [vars(record) for record in caplog.records if record.message == "holes_ended"]
    assert ended["Holes"] == 1


def test_table_that_does_not_answer_is_an_error(load: Load, chain: Chain, mint: str) -> None:
    function = load(
        "holes", tokens=[mint], addresses=[mint], RPC_URL=chain.url, PRICES_TABLE="gone"
    )

    with pytest.raises(Unavailable, match="the price table"):
        function.handler({}, None)
