"""The roll-up on real tables: what the stream tells becomes rows of minutes, hours and days."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from functions.glow.candles.candle import candle_of
from functions.glow.candles.raw import RawTrades
from functions.glow.candles.roll import RollUp
from functions.glow.candles.table import CandleRow, CandleTable
from functions.glow.prices.row import Details
from functions.glow.prices.table import PriceTable
from ops.candles import make_again
from tests.functions.builders import a_token
from tests.functions.candles import a_trade, changes_of, stored
from tests.functions.cloud import CANDLES, PRICES
from tests.functions.conftest import Load

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

DAY = int(time.time()) // 86_400 * 86_400 - 86_400  # yesterday
RETENTION_SECONDS = 30 * 86_400


def test_trades_become_candles_of_their_minute_hour_and_day(
    load: Load, prices: PriceTable, dynamodb: DynamoDBClient
) -> None:
    token = a_token()
    trades = [
        a_trade(token, DAY + 5, price="1"),
        a_trade(token, DAY + 6, price="3"),
        a_trade(token, DAY + 61, price="2"),
        a_trade(token, DAY + 3_600, price="5"),
    ]
    prices.append_all(trades, now=time.time(), retention_seconds=RETENTION_SECONDS)

    answer = load("candle_roller").handler(changes_of(trades), None)

    assert answer == {"batchItemFailures": []}
    assert stored(dynamodb, token, "1m") == [
        (DAY, "1", "3", 2),
        (DAY + 60, "2", "2", 1),
        (DAY + 3_600, "5", "5", 1),
    ]
    assert stored(dynamodb, token, "1h") == [(DAY, "1", "2", 3), (DAY + 3_600, "5", "5", 1)]
    assert stored(dynamodb, token, "1d") == [(DAY, "1", "5", 4)]
    (day,) = CandleTable(dynamodb, CANDLES).range(token, "1d", DAY, DAY + 1, now=0, limit=1)
    assert (day.volume, day.volume_sol, day.sol.high) == (Decimal(16), Decimal(44), Decimal(5))


def test_late_trade_and_repeated_batch_change_what_they_must(
    load: Load, prices: PriceTable, dynamodb: DynamoDBClient
) -> None:
    token = a_token()
    first, late = a_trade(token, DAY + 9, price="1"), a_trade(token, DAY + 1, price="7")
    roller = load("candle_roller")
    prices.append_all([first], now=time.time(), retention_seconds=RETENTION_SECONDS)
    roller.handler(changes_of([first]), None)
    prices.append_all([late], now=time.time(), retention_seconds=RETENTION_SECONDS)
    for _ in range(2):
        roller.handler(changes_of([late]), None)
        roller.handler(changes_of([first]), None)

    for series in ("1m", "1h", "1d"):
        assert stored(dynamodb, token, series) == [(DAY, "7", "1", 2)]


def test_suspect_counts_from_its_release_on(
    load: Load, prices: PriceTable, dynamodb: DynamoDBClient
) -> None:
    token = a_token()
    trade, suspect = a_trade(token, DAY + 1), a_trade(token, DAY + 2, price="50")
    prices.append_all(
        [trade, suspect],
        [Details(), Details(jumped_from=trade.price)],
        now=time.time(),
        retention_seconds=RETENTION_SECONDS,
    )
    roller = load("candle_roller")
    roller.handler(changes_of([trade, suspect]), None)
    before = stored(dynamodb, token, "1m")
    prices.release([suspect], now=time.time())
    roller.handler(changes_of([suspect]), None)

    assert before == [(DAY, "0.5", "0.5", 1)]
    assert stored(dynamodb, token, "1m") == [(DAY, "0.5", "50", 2)]


def test_trade_that_a_backfill_brought_is_in_the_candles(
    load: Load, prices: PriceTable, dynamodb: DynamoDBClient
) -> None:
    token = a_token()
    trade = a_trade(token, DAY + 1)
    found = replace(a_trade(token, DAY + 2, price="2"), source="backfill")
    prices.append_all([trade, found], now=time.time(), retention_seconds=RETENTION_SECONDS)

    load("candle_roller").handler(changes_of([found]), None)

    for series in ("1m", "1h", "1d"):
        assert stored(dynamodb, token, series) == [(DAY, "0.5", "2", 2)]


def test_quote_is_in_no_candle(load: Load, prices: PriceTable, dynamodb: DynamoDBClient) -> None:
    token = a_token()
    quote = replace(a_trade(token, DAY + 1, price="9"), source="jupiter")
    trade = a_trade(token, DAY + 2)
    prices.append_all([quote, trade], now=time.time(), retention_seconds=RETENTION_SECONDS)

    load("candle_roller").handler(changes_of([quote, trade]), None)

    assert stored(dynamodb, token, "1m") == [(DAY, "0.5", "0.5", 1)]


@pytest.mark.parametrize(
    ("usd_of", "open_usd"),
    [(("150", "151"), Decimal(150)), (("150", None), None)],
    ids=["all", "one without"],
)
def test_dollars_are_there_only_if_every_trade_has_them(
    load: Load,
    prices: PriceTable,
    dynamodb: DynamoDBClient,
    usd_of: tuple[str | None, ...],
    open_usd: Decimal | None,
) -> None:
    token = a_token()
    trades = [a_trade(token, DAY + index) for index in range(2)]
    prices.append_all(trades, now=time.time(), retention_seconds=RETENTION_SECONDS)
    for trade, usd in zip(trades, usd_of, strict=True):
        if usd is not None:
            dynamodb.update_item(
                TableName=PRICES,
                Key={"token": {"S": token}, "id": {"S": trade.id}},
                UpdateExpression="SET priceUsd = :usd",
                ExpressionAttributeValues={":usd": {"N": usd}},
            )

    load("candle_roller").handler(changes_of(trades), None)

    (candle,) = CandleTable(dynamodb, CANDLES).range(token, "1h", DAY, DAY + 1, now=0, limit=1)
    assert (candle.usd.open if candle.usd else None) == open_usd
    assert candle.sol.open == Decimal("0.5")


def test_minute_whose_first_trades_expired_keeps_its_candle(
    load: Load, prices: PriceTable, dynamodb: DynamoDBClient
) -> None:
    token = a_token()
    first, late = a_trade(token, DAY + 1, price="1"), a_trade(token, DAY + 2, price="2")
    also_late = a_trade(token, DAY + 3, price="3")
    roller = load("candle_roller")
    prices.append_all([first], now=time.time(), retention_seconds=30)
    roller.handler(changes_of([first]), None)
    # What is about to expire may be gone for the next reader already.
    prices.append_all([late, also_late], now=time.time(), retention_seconds=RETENTION_SECONDS)
    roller.handler(changes_of([late, also_late]), None)

    assert stored(dynamodb, token, "1m") == [(DAY, "1", "1", 1)]


def test_fewer_trades_never_replace_more(dynamodb: DynamoDBClient, prices: PriceTable) -> None:
    """Two batches out of turn: the one that read first writes last."""
    token, now = a_token(), time.time()
    trades = [a_trade(token, DAY + index) for index in range(3)]
    prices.append_all(trades, now=now, retention_seconds=RETENTION_SECONDS)
    found = RawTrades(dynamodb, PRICES).of_minute(token, DAY, now=now)
    table = CandleTable(dynamodb, CANDLES)

    written = [
        table.put(
            CandleRow(token, "1m", candle_of(DAY, found[:count]), int(now) + 3_600),
            retention_seconds=RETENTION_SECONDS,
            now=now,
        )
        for count in (2, 3, 2, 3)
    ]

    assert written == [True, True, False, True]
    assert [trades for *_, trades in stored(dynamodb, token, "1m")] == [3]


def test_record_whose_table_does_not_answer_comes_again_with_all_behind_it(
    load: Load, prices: PriceTable, dynamodb: DynamoDBClient
) -> None:
    trades = [a_trade(a_token(), DAY), a_trade(a_token(), DAY)]
    prices.append_all(trades, now=time.time(), retention_seconds=RETENTION_SECONDS)
    answer = load("candle_roller", CANDLES_TABLE="missing").handler(
        changes_of(trades, first=71), None
    )
    healed = load("candle_roller").handler(changes_of(trades, first=71), None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "71"}]}
    assert healed == {"batchItemFailures": []}
    assert all(stored(dynamodb, trade.token, "1d") for trade in trades)


def test_row_that_is_not_ours_holds_nothing_up(
    load: Load, prices: PriceTable, dynamodb: DynamoDBClient
) -> None:
    trade = a_trade(a_token(), DAY)
    prices.append_all([trade], now=time.time(), retention_seconds=RETENTION_SECONDS)
    event = changes_of([trade, trade])
    event["Records"][0]["dynamodb"]["Keys"] = {"token": {"S": "a b"}, "id": {"S": "7"}}

    answer = load("candle_roller").handler(event, None)

    assert answer == {"batchItemFailures": []}
    assert stored(dynamodb, trade.token, "1m") == [(DAY, "0.5", "0.5", 1)]


def test_candles_are_rebuilt_of_the_trades_that_are_stored(
    prices: PriceTable, dynamodb: DynamoDBClient
) -> None:
    token, now = a_token(), time.time()
    trades = [a_trade(token, DAY + second) for second in (0, 59, 60, 7_200)]
    prices.append_all(trades, now=now, retention_seconds=RETENTION_SECONDS)
    raw, candles = RawTrades(dynamodb, PRICES), CandleTable(dynamodb, CANDLES)
    roll_up = RollUp(raw, candles, retention_seconds=RETENTION_SECONDS)

    done, again = (
        list(make_again(raw, roll_up, token, DAY + 30, DAY + 7_200, now=now)) for _ in range(2)
    )

    assert done == again
    assert [(each.made, each.failed) for each in done] == [(2, 0), (0, 0)]
    assert sum(each.seconds for each in done) == 7_170
    assert stored(dynamodb, token, "1m") == [(DAY, "0.5", "0.5", 2), (DAY + 60, "0.5", "0.5", 1)]
    assert stored(dynamodb, token, "1d") == [(DAY, "0.5", "0.5", 3)]
