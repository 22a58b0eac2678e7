"""Measures `ops backfill` of 10,000 transactions: time, requests, and that none is stored twice.

The node is a stand-in that answers at once; it, ministack and the backfill share this machine. How fast
a real node may be asked is `--requests-per-second`: the last column says what that alone takes.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from bench.report import Report
from bench.stand import emulated_aws
from bench.trades import MINT
from functions.glow.prices.table import PriceTable
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.trades.gatekeeper import Gatekeeper
from functions.glow.usd import NO_DOLLARS
from ops.backfill.access import Target
from ops.backfill.command import run
from ops.backfill.node import Node, Pace
from ops.backfill.store import Store
from tests.functions.chain import Chain, swaps
from tests.functions.cloud import PRICES, ROUTES
from tests.serving import serving

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

TRANSACTIONS: Final = 10_000
PER_SECOND: Final = 4
REQUESTS_PER_SECOND: Final = 10  # the command's default
RETENTION_SECONDS: Final = 7 * 86_400
MAX_PRICE_JUMP: Final = 20
METHODS: Final = {
    "getTransactionsForAddress": False,
    "getSignaturesForAddress, getTransaction": True,
}


def measure() -> list[Report]:
    rows: list[tuple[str, ...]] = []
    with emulated_aws() as (_, client):
        for method, is_plain in METHODS.items():
            mint = f"{MINT[:-5]}{'p1ain' if is_plain else 'whoLe'}"
            first_second = int(time.time()) - TRANSACTIONS // PER_SECOND - 60
            history = swaps(
                TRANSACTIONS, first_second=first_second, mint=mint, per_second=PER_SECOND
            )
            with serving(Chain(history, is_plain=is_plain)) as chain:
                rows += [
                    (f"{which}, {method}", *_measure(client, chain, mint, first_second))
                    for which in ("first run", "again")
                ]
    title = f"Backfill of {TRANSACTIONS:,} transactions"
    header = (
        "run",
        "requests",
        "stored",
        "stored already",
        "rows beyond one each",
        "seconds",
        "transactions/s",
        f"seconds of requests at {REQUESTS_PER_SECOND}/s",
    )
    return [Report(title, header, rows)]


def _measure(client: DynamoDBClient, chain: Chain, mint: str, since: int) -> tuple[str, ...]:
    prices = PriceTable(client, PRICES)
    node = Node(chain.url, Pace(1_000_000))
    store = Store(
        prices=prices,
        gate=Gatekeeper(prices, MAX_PRICE_JUMP),
        known_tokens=KnownTokens(client, ROUTES),
        tokens=frozenset({mint}),
        retention_seconds=RETENTION_SECONDS,
        dollars=NO_DOLLARS,
        publish=None,
    )
    now = time.time()
    started = time.perf_counter()
    try:
        run(
            node,
            store,
            Target([mint], frozenset({mint})),
            seconds=int(now) - since + 60,
            now=now,
            shows_progress=False,
        )
    finally:
        node.close()
    seconds = time.perf_counter() - started
    figures = (node.requests, store.tally.stored, store.tally.duplicates, _doubles(prices, mint))
    return (
        *(f"{figure:,}" for figure in figures),
        f"{seconds:.1f}",
        f"{TRANSACTIONS / seconds:,.0f}",
        f"{node.requests / REQUESTS_PER_SECOND:,.0f}",
    )


def _doubles(prices: PriceTable, mint: str) -> int:
    """Rows of a transaction that has one already."""
    rows = prices.tail(mint, limit=2 * TRANSACTIONS, now=time.time())
    return len(rows) - len({row.tx_signature for row in rows})
