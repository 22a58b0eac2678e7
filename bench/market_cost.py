"""Counts what DynamoDB bills for trades: their storing, and their candles, by really doing both.

The webhook and CandleRoller run over ministack; a proxy counts their requests and units (metered.py). A
minute of trades comes in at an even pace, and the roller gets a batch for each five seconds, as the
mapping of the stream hands them out. Around the minute lie a whole hour of minutes and a whole day of hours:
the most that a computation reads.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from bench.lambda_process import webhook_event
from bench.metered import Billed, Meter, metered
from bench.report import Report
from bench.stand import emulated_aws, handler_of
from bench.trades import MINT, enhanced, parsed
from functions.glow.candles.candle import Trade, candle_of
from functions.glow.candles.intervals import DAY, HOUR, MINUTE, start_of
from functions.glow.candles.table import CandleRow, CandleTable
from functions.glow.prices.table import PriceTable
from functions.glow.routing.rate import RateRow
from functions.glow.usd import SolUsd, in_usd
from ops.cost.prices import read_prices
from tests.functions.candles import changes_of
from tests.functions.cloud import CANDLES, PRICES, ROUTES

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

WINDOW_SECONDS: Final = 5
# Trades in the minute: each alone in its batch; one a second; 50 a second. With many more the emulator
# takes longer to answer than the functions wait.
WINDOWS: Final = MINUTE // WINDOW_SECONDS
MINUTES: Final = (WINDOWS, 60, 3_000)
# More than these are stored past the webhook: it stores each of them alike, and takes long here.
MOST_BY_WEBHOOK: Final = 60
SOL_USD: Final = Decimal("151.23456789")
MILLION: Final = 1_000_000
RETENTION_SECONDS: Final = 7 * DAY
YEAR_SECONDS: Final = 365 * DAY


def measure() -> list[Report]:
    rows: list[Sequence[str]] = []
    with emulated_aws() as (url, client), metered(url) as (proxy, meter):
        for count in MINUTES:
            stored, rolled = _measure(count, proxy=proxy, meter=meter, client=client)
            rate = f"{count / MINUTE:.3g}"
            if stored is not None:
                rows.append((rate, "store", *_figures(stored, count)))
            rows.append(
                (rate, "stream, which Lambda reads for nothing", *_figures(Billed(), count))
            )
            rows.append((rate, "candles", *_figures(rolled, count)))
    header = (
        "trades/s of a token",
        "part",
        "requests a trade",
        "write units a trade",
        "read units a trade",
        "$ per million trades",
    )
    return [Report("DynamoDB for trades and their candles", header, rows)]


def usd(billed: Billed) -> Decimal:
    """What it costs, by the price list of `ops cost`."""
    prices = read_prices().prices
    writes = prices["dynamodb_writes"].usd(Decimal(billed.write_units))
    return writes + prices["dynamodb_reads"].usd(Decimal(billed.read_units))


def _figures(billed: Billed, trades: int) -> Sequence[str]:
    each = (billed.requests, billed.write_units, billed.read_units)
    return (
        *(f"{count / trades:.3f}" for count in each),
        f"{usd(billed) * MILLION / trades:.2f}",
    )


def _measure(
    count: int, *, proxy: str, meter: Meter, client: DynamoDBClient
) -> tuple[Billed | None, Billed]:
    """What was billed for `count` trades of one minute: for storing them, and for their candles."""
    mint = MINT[:-5] + f"{count:05d}".replace("0", "o")
    now = int(time.time())
    minute = start_of("1m", now) - MINUTE
    RateRow(client, ROUTES).write(SolUsd(SOL_USD, now * 1000, 440_000_000))
    by_webhook = count <= MOST_BY_WEBHOOK
    webhook, roller = handler_of("webhook", proxy), handler_of("candle_roller", proxy)
    prices = PriceTable(client, PRICES)
    _surround(client, mint, minute)
    meter.take()
    stored, rolled = Billed(), Billed()
    for batch in _batches(count, mint, minute):
        updates = parsed(batch, now=now).updates
        if by_webhook:
            for body in batch:
                _post(webhook, body)
            stored += meter.take(PRICES)
        else:
            priced = [
                replace(update, price_usd=in_usd(update.price, SOL_USD)) for update in updates
            ]
            prices.append_all(priced, now=now, retention_seconds=RETENTION_SECONDS)
        if roller(changes_of(updates), None)["batchItemFailures"]:
            raise RuntimeError("the roller gave a batch back")
        rolled += meter.take(PRICES, CANDLES)
    return stored if by_webhook else None, rolled


def _batches(count: int, mint: str, minute: int) -> Iterator[Sequence[Mapping[str, object]]]:
    """The bodies of each batch of the stream."""
    for window in range(WINDOWS):
        in_window = range(window * count // WINDOWS, (window + 1) * count // WINDOWS)
        yield [
            enhanced(number, timestamp=minute + number * MINUTE // count, mint=mint)
            for number in in_window
        ]


def _post(webhook: Callable[[object, object], Any], body: Mapping[str, object]) -> None:
    answer = webhook(webhook_event(json.dumps([body])), None)
    if json.loads(answer["body"]).get("stored") != 1:
        raise RuntimeError(f"the webhook answered {answer}")


def _surround(client: DynamoDBClient, mint: str, minute: int) -> None:
    """Store the other minutes of the hour, and the other hours of the day, as the roller does."""
    hour, day = start_of("1h", minute), start_of("1d", minute)
    now = int(time.time())
    update = parsed([enhanced(0, timestamp=now, mint=mint)], now=now).updates[0]
    trade = Trade(
        place=update.id,
        index_in_block=None,
        came=(now * 1000, 0),
        timestamp=now,
        price=update.price,
        price_usd=in_usd(update.price, SOL_USD),
        amount=update.amount,
        amount_sol=update.amount_sol,
        expires_at=now + RETENTION_SECONDS,
    )
    rows = [
        *(
            CandleRow(mint, "1m", candle_of(time_, [trade]), trade.expires_at)
            for time_ in range(hour, hour + HOUR, MINUTE)
            if time_ != minute
        ),
        *(
            CandleRow(mint, "1h", candle_of(time_, [trade]))
            for time_ in range(day, day + DAY, HOUR)
            if time_ != hour
        ),
    ]
    table = CandleTable(client, CANDLES)
    for row in rows:
        table.put(row, retention_seconds=YEAR_SECONDS, now=now)
