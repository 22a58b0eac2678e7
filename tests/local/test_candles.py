"""Trades become candles and a list of tokens, on a deployed stack: stream, roll-up, read API."""

import time
from typing import Any

from tests.local.aws import Aws
from tests.local.wire import Wire, a_trade, wait_for


def rows(aws: Aws, outputs: dict[str, object], series: str) -> list[dict[str, Any]]:
    return aws.client("dynamodb").query(
        TableName=str(outputs["CandlesTableName"]),
        KeyConditionExpression="series = :series",
        ExpressionAttributeValues={":series": {"S": series}},
        ConsistentRead=True,
    )["Items"]


def test_trades_are_rolled_up_and_read_as_a_chart(
    wire: Wire, aws: Aws, outputs: dict[str, object]
) -> None:
    yesterday = int(time.time()) // 86_400 * 86_400 - 86_400
    sent = [
        a_trade(token_units=1_000, timestamp=yesterday + 10),
        a_trade(token_units=500, timestamp=yesterday + 70),
        a_trade(token_units=1_000, timestamp=yesterday + 20),  # late
    ]
    for trade in [*sent, sent[0]]:
        wire.send(trade, token="CANDLES")

    days = wait_for(
        lambda: rows(aws, outputs, "CANDLES#1d"),
        lambda found: [row["trades"]["N"] for row in found] == ["3"],
        "the day of three trades",
    )
    chart = wire.get(f"/tokens/CANDLES/candles?interval=1m&from={yesterday}&to={yesterday + 3_600}")

    assert days[0]["close"] == {"N": "0.005"}
    assert [
        (each["time"] - yesterday, each["open"], each["close"], each["trades"])
        for each in chart.json()["candles"]
    ] == [(0, 0.0025, 0.0025, 2), (60, 0.005, 0.005, 1)]
    assert not aws.queued(str(outputs["CandleFailuresQueueUrl"]))


def test_trade_of_now_is_in_the_running_candle_and_in_the_list(wire: Wire) -> None:
    wire.send(a_trade(), token="RUNNING")

    *_, last = wire.get("/tokens/RUNNING/candles?interval=1h").json()["candles"]
    listed = {each["token"]: each for each in wire.get("/tokens?limit=100").json()["tokens"]}

    assert (last["close"], last["running"]) == (0.0025, True)
    assert listed["RUNNING"]["price"] == 0.0025


def test_chart_is_not_sent_twice_and_packed_for_browsers(wire: Wire) -> None:
    hour = int(time.time()) // 3_600 * 3_600 - 7_200
    for minute in range(12):
        wire.send(a_trade(timestamp=hour + 60 * minute), token="PACKED")
    path = f"/tokens/PACKED/candles?interval=1m&from={hour}&to={hour + 3_600}"

    first = wait_for(
        lambda: wire.get(path), lambda got: len(got.json()["candles"]) == 12, "all candles"
    )
    again = wire.get(path, {"if-none-match": first.headers["etag"]})

    assert first.headers["content-encoding"] == "gzip"
    assert (again.status_code, again.text) == (304, "")
