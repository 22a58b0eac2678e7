"""Measures `GET /tokens/{token}/candles` of a token with a million stored trades.

A query's cost depends on the rows that it reads: candles of minutes, hours and days, and the trades of
the two newest minutes. So these are stored as a million trades at one a second leave them; the other trades lie
in keys that no chart reads. Each answer is the first one of a process that has answered for another token:
nothing is remembered from the call before.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from bench.metered import Meter, metered
from bench.report import Report
from bench.stand import emulated_aws, handler_of
from bench.trades import MINT, enhanced, parsed
from functions.glow.candles.candle import Candle, Prices
from functions.glow.candles.intervals import DAY, HOUR, INTERVALS, MINUTE, Series
from functions.glow.candles.items import item_of
from functions.glow.candles.query import MAX_LIMIT
from functions.glow.prices.table import PriceTable
from tests.functions.builders import an_http_event
from tests.functions.cloud import CANDLES, PRICES

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import WriteRequestTypeDef

TRADES: Final = 1_000_000  # one a second
RUNS: Final = 5
BATCH_ROWS: Final = 25  # BatchWriteItem's limit
YEAR_SECONDS: Final = 365 * DAY
SIZES: Final[Mapping[Series, int]] = {"1m": MINUTE, "1h": HOUR, "1d": DAY}


def measure() -> list[Report]:
    with emulated_aws() as (url, client):
        _store(client)
        with metered(url) as (proxy, meter):
            counted = {name: _counted(name, proxy, meter) for name in INTERVALS}
        rows = [(name, *counted[name], *_timed(name, url)) for name in INTERVALS]
    header = (
        "interval",
        "candles",
        "KiB of JSON",
        "requests",
        "read units",
        "median ms",
        "slowest ms",
        "own CPU ms",
    )
    title = f"Candles of a token with {TRADES:,} trades, as many as a page holds"
    return [Report(title, header, rows)]


def _counted(interval: str, proxy: str, meter: Meter) -> Sequence[str]:
    handler = handler_of("candles", proxy)
    _warm(handler)
    meter.take()
    answer = handler(_event(MINT, interval), None)
    billed = meter.take(PRICES, CANDLES)
    if answer["statusCode"] != 200:
        raise RuntimeError(f"the candles answered {answer}")
    body = answer["body"]
    candles = len(json.loads(body)["candles"])
    figures = (candles, round(len(body) / 1024), billed.requests, billed.read_units)
    return [f"{figure:,}" for figure in figures]


def _timed(interval: str, url: str) -> Sequence[str]:
    elapsed_ms: list[float] = []
    cpu_ms: list[float] = []
    for _ in range(RUNS):
        handler = handler_of("candles", url)
        _warm(handler)
        started, cpu_started = time.perf_counter(), time.process_time()
        handler(_event(MINT, interval), None)
        cpu_ms.append((time.process_time() - cpu_started) * 1000)
        elapsed_ms.append((time.perf_counter() - started) * 1000)
    return f"{median(elapsed_ms):.0f}", f"{max(elapsed_ms):.0f}", f"{median(cpu_ms):.0f}"


def _warm(handler: Any) -> None:  # noqa: ANN401  as it was imported
    handler(_event("OTHER", "1m"), None)


def _event(token: str, interval: str) -> object:
    query = {"interval": interval, "limit": str(MAX_LIMIT)}
    return an_http_event("GET /tokens/{token}/candles", token=token, query=query)


def _store(client: DynamoDBClient) -> None:
    now = int(time.time())
    recent = [enhanced(number, timestamp=now - number) for number in range(2 * MINUTE)]
    updates = parsed(recent, now=now).updates
    PriceTable(client, PRICES).append_all(updates, now=now, retention_seconds=7 * DAY)
    rows: list[WriteRequestTypeDef] = [
        {"PutRequest": {"Item": item}} for series in SIZES for item in _candles(series, now)
    ]
    for start in range(0, len(rows), BATCH_ROWS):
        client.batch_write_item(RequestItems={CANDLES: rows[start : start + BATCH_ROWS]})


def _candles(series: Series, now: int) -> Iterator[Any]:
    seconds = SIZES[series]
    like = parsed([enhanced(0, timestamp=now)], now=now).updates[0]
    prices = Prices(*[like.price] * 4)
    assert like.amount is not None
    candle = Candle(
        time=0,
        sol=prices,
        usd=Prices(*[like.price * 151] * 4),
        volume=like.amount * seconds,
        volume_sol=like.amount_sol,
        trades=seconds,
    )
    last = now - now % seconds
    for start in range(last - TRADES // seconds * seconds, last + seconds, seconds):
        of_start = replace(candle, time=start)
        yield {
            **item_of(MINT, series, of_start),
            "expiresAt": {"N": str(start + YEAR_SECONDS)},
        }
