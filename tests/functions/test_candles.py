"""The read API of candles and of tokens."""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from functions.glow.candles.chart import MAX_FRESH_TRADES, Chart, ChartSpan
from functions.glow.candles.intervals import INTERVALS
from functions.glow.candles.raw import RawTrades
from functions.glow.candles.table import CandleTable
from functions.glow.prices.table import PriceTable
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.runtime.http import HttpResponse
from functions.glow.update import MAX_TIMESTAMP, Update
from tests.functions.builders import a_token, an_http_event
from tests.functions.candles import a_trade, changes_of
from tests.functions.cloud import CANDLES, PRICES
from tests.functions.conftest import Load

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

DAY = int(time.time()) // 86_400 * 86_400 - 86_400  # yesterday
RETENTION_SECONDS = 30 * 86_400
CHART = "GET /tokens/{token}/candles"


def ask(
    load: Load,
    route: str,
    *,
    token: str | None = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    tokens: Sequence[str] = (),
    **variables: str,
) -> HttpResponse:
    function = load("candles", tokens=tokens, **variables)
    event = an_http_event(route, token=token, query=query, headers=headers)
    answer: HttpResponse = function.handler(event, None)
    return answer


def get(load: Load, token: str, **query: str) -> Any:
    answer = ask(load, CHART, token=token, query={n.strip("_"): query[n] for n in query})
    assert answer["statusCode"] == 200, answer
    return json.loads(answer["body"])


def store(load: Load, prices: PriceTable, trades: Sequence[Update]) -> None:
    """Store `trades`, and have them rolled up."""
    prices.append_all(trades, now=time.time(), retention_seconds=RETENTION_SECONDS)
    assert load("candle_roller").handler(changes_of(trades), None) == {"batchItemFailures": []}


def a_minute_each(token: str, minutes: Sequence[int]) -> list[Update]:
    """A trade in each of these minutes of yesterday; its price is the minute's number and one."""
    return [a_trade(token, DAY + 60 * each + 7, price=str(each + 1)) for each in minutes]


def test_candle_is_answered_whole(load: Load, prices: PriceTable) -> None:
    token = a_token()
    store(load, prices, [a_trade(token, DAY + 1, price="2"), a_trade(token, DAY + 2, price="1")])

    body = get(load, token, interval="1m", from_=str(DAY), to=str(DAY + 60))

    assert body == {
        "token": token,
        "interval": "1m",
        "currency": "sol",
        "candles": [
            {
                "time": DAY,
                "open": 2.0,
                "high": 2.0,
                "low": 1.0,
                "close": 1.0,
                "volume": 8.0,
                "volumeSol": 12.0,
                "trades": 2,
            }
        ],
        "next": None,
    }


@pytest.mark.parametrize(
    ("interval", "opens"),
    [
        ("1m", {0: 1, 4: 5, 5: 6, 61: 62, 245: 246}),
        ("5m", {0: 1, 5: 6, 60: 62, 245: 246}),
        ("15m", {0: 1, 60: 62, 240: 246}),
        ("1h", {0: 1, 60: 62, 240: 246}),
        ("4h", {0: 1, 240: 246}),
        ("1d", {0: 1}),
    ],
)
def test_every_interval_leaves_out_what_is_empty(
    load: Load, prices: PriceTable, interval: str, opens: dict[int, int]
) -> None:
    token = a_token()
    store(load, prices, a_minute_each(token, [0, 4, 5, 61, 245]))

    body = get(load, token, interval=interval, from_=str(DAY), to=str(DAY + 86_400))

    assert {(each["time"] - DAY) // 60: each["open"] for each in body["candles"]} == opens
    assert [each["time"] for each in body["candles"]] == sorted(
        each["time"] for each in body["candles"]
    )
    assert sum(each["trades"] for each in body["candles"]) == 5


@pytest.mark.parametrize("interval", ["1m", "5m", "15m", "1h"])
def test_pages_follow_each_other_without_a_hole_or_a_double(
    load: Load, prices: PriceTable, interval: str
) -> None:
    token = a_token()
    store(load, prices, a_minute_each(token, [*range(0, 90, 3), 500, 501, 700]))
    whole = get(load, token, interval=interval, from_=str(DAY), to=str(DAY + 86_400))["candles"]

    paged: list[Any] = []
    start: int | None = DAY
    while start is not None:
        page = get(
            load, token, interval=interval, from_=str(start), to=str(DAY + 86_400), limit="2"
        )
        assert 1 <= len(page["candles"]) <= 2
        paged += page["candles"]
        start = page["next"]

    assert paged == whole


def test_from_inside_a_candle_begins_with_it_and_to_is_not_reached(
    load: Load, prices: PriceTable
) -> None:
    token = a_token()
    store(load, prices, a_minute_each(token, [0, 5, 9, 10]))

    body = get(load, token, interval="5m", from_=str(DAY + 310), to=str(DAY + 600))

    assert [(each["time"], each["trades"]) for each in body["candles"]] == [(DAY + 300, 2)]


@pytest.mark.parametrize("interval", ["1m", "15m", "1h", "4h", "1d"])
def test_chart_may_reach_to_the_end_of_time(load: Load, prices: PriceTable, interval: str) -> None:
    token = a_token()
    store(load, prices, a_minute_each(token, [0]))

    body = get(load, token, interval=interval, from_=str(DAY), to=str(MAX_TIMESTAMP))

    assert [each["trades"] for each in body["candles"]] == [1]


@pytest.mark.parametrize("interval", ["1m", "15m", "1h", "4h", "1d"])
def test_trade_that_is_not_rolled_up_yet_is_in_the_running_candle(
    load: Load, prices: PriceTable, interval: str
) -> None:
    token = a_token()
    store(load, prices, [a_trade(token, DAY + 1, price="3")])
    now = int(time.time())
    prices.append_all(
        [a_trade(token, now, price="8")], now=now, retention_seconds=RETENTION_SECONDS
    )

    *_, last = get(load, token, interval=interval, from_=str(DAY))["candles"]

    assert (last["close"], last["running"]) == (8.0, True)
    assert last["time"] <= now


def test_token_with_too_many_trades_for_that_is_answered_from_its_rows(
    load: Load, prices: PriceTable
) -> None:
    token, now = a_token(), int(time.time())
    trades = [a_trade(token, now, slot=index) for index in range(MAX_FRESH_TRADES + 1)]
    store(load, prices, trades[:-1])
    prices.append_all(trades[-1:], now=now, retention_seconds=RETENTION_SECONDS)

    (candle,) = get(load, token, interval="1m")["candles"]

    assert candle["trades"] == MAX_FRESH_TRADES


def test_candles_in_dollars_lack_prices_where_a_trade_lacked_one(
    load: Load, prices: PriceTable, dynamodb: DynamoDBClient
) -> None:
    token = a_token()
    with_usd, without = a_trade(token, DAY), a_trade(token, DAY + 60)
    prices.append_all([with_usd, without], now=time.time(), retention_seconds=RETENTION_SECONDS)
    dynamodb.update_item(
        TableName=PRICES,
        Key={"token": {"S": token}, "id": {"S": with_usd.id}},
        UpdateExpression="SET priceUsd = :usd",
        ExpressionAttributeValues={":usd": {"N": "75.5"}},
    )
    load("candle_roller").handler(changes_of([with_usd, without]), None)

    body = get(load, token, interval="1m", from_=str(DAY), to=str(DAY + 120), currency="usd")

    first, second = body["candles"]
    assert body["currency"] == "usd"
    assert (first["open"], first["close"], first["volumeSol"]) == (75.5, 75.5, 2.0)
    assert "open" not in second
    assert (second["volumeSol"], second["trades"]) == (2.0, 1)


def test_same_answer_again_is_304_and_a_changed_one_is_not(load: Load, prices: PriceTable) -> None:
    token = a_token()
    store(load, prices, a_minute_each(token, [0]))
    query = {"interval": "1h", "from": str(DAY), "to": str(DAY + 3_600)}
    first = ask(load, CHART, token=token, query=query)
    tag = {"if-none-match": f'"other", {first["headers"]["etag"]}'}

    same = ask(load, CHART, token=token, query=query, headers=tag)
    store(load, prices, a_minute_each(token, [1]))
    changed = ask(load, CHART, token=token, query=query, headers=tag)

    assert (same["statusCode"], same["body"]) == (304, "")
    assert same["headers"]["etag"] == first["headers"]["etag"]
    assert changed["statusCode"] == 200
    assert first["headers"]["cache-control"] == "public, max-age=60"
    assert first["headers"]["vary"] == "Accept-Encoding, Origin"


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip, deflate, br", True),
        ("*", True),
        ("gzip;q=0.5", True),
        ("gzip;q=0, *", False),
        ("br", False),
        ("", False),
    ],
)
def test_large_answer_is_packed_for_who_takes_it(
    load: Load, prices: PriceTable, accepted: str, packed: bool
) -> None:
    token = a_token()
    store(load, prices, a_minute_each(token, range(20)))
    query = {"interval": "1m", "from": str(DAY), "to": str(DAY + 86_400)}
    plain = ask(load, CHART, token=token, query=query)

    answer = ask(load, CHART, token=token, query=query, headers={"accept-encoding": accepted})

    assert answer.get("isBase64Encoded", False) is packed
    assert (answer["headers"].get("content-encoding") == "gzip") is packed
    body = gzip.decompress(base64.b64decode(answer["body"])).decode() if packed else answer["body"]
    assert body == plain["body"]
    assert answer["headers"]["etag"] == plain["headers"]["etag"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({}, "interval"),
        ({"interval": "2m"}, "interval"),
        ({"interval": "1m", "from": "yesterday"}, "from"),
        ({"interval": "1m", "from": "-1"}, "from"),
        ({"interval": "1m", "to": "99999999999"}, "to"),
        ({"interval": "1m", "from": "20", "to": "20"}, "from"),
        ({"interval": "1m", "to": "0"}, "from"),
        ({"interval": "1m", "limit": "0"}, "limit"),
        ({"interval": "1m", "limit": "1001"}, "limit"),
        ({"interval": "1m", "currency": "eur"}, "currency"),
    ],
)
def test_wrong_parameter_is_refused_by_its_name(
    load: Load, query: dict[str, str], named: str
) -> None:
    answer = ask(load, CHART, token="SOL", query=query)

    error = json.loads(answer["body"])["error"]
    assert (answer["statusCode"], error["code"]) == (400, "BAD_REQUEST")
    assert error["message"].startswith(f"{named} must")


def test_token_that_is_not_streamed_has_no_chart(load: Load) -> None:
    answer = ask(load, CHART, token="WIF", query={"interval": "1m"}, tokens=["WIF=EKpQ"])

    assert answer["statusCode"] == 404
    assert "it is EKpQ" in json.loads(answer["body"])["error"]["message"]


def test_table_that_is_away_is_503(load: Load) -> None:
    answer = ask(load, CHART, token="SOL", query={"interval": "1m"}, CANDLES_TABLE="missing")

    assert answer["statusCode"] == 503


def test_list_tells_of_each_token_what_the_last_day_did(load: Load, prices: PriceTable) -> None:
    now = int(time.time())
    traded, named_only = a_token(), a_token()
    trades = [
        a_trade(traded, now - 90_000, price="100"),  # longer ago than a day
        a_trade(traded, now - 86_000, price="2", amount="10"),
        a_trade(traded, now - 40_000, price="1", amount="20"),
        a_trade(traded, now - 100, price="3", amount="30"),
    ]
    store(load, prices, trades)

    answer = ask(load, "GET /tokens", tokens=[f"WIF={traded}", named_only])

    body = json.loads(answer["body"])
    by_token = {each["token"]: each for each in body["tokens"]}
    assert body["next"] is None
    assert by_token.keys() == {traded, named_only}
    assert by_token[named_only] == {"token": named_only}
    assert 100 <= by_token[traded].pop("ageSeconds") < 200
    assert by_token[traded] == {
        "token": traded,
        "symbol": "WIF",
        "price": 3.0,
        "timestamp": now - 100,
        "change24h": 0.5,
        "volume24h": 60.0,
        "volumeSol24h": 130.0,
        "trades24h": 3,
    }
    tag = {"if-none-match": answer["headers"]["etag"]}
    again = ask(load, "GET /tokens", tokens=[f"WIF={traded}", named_only], headers=tag)
    assert again["statusCode"] == 304


def test_list_has_dollars_only_of_a_price_that_came_with_them(
    load: Load, prices: PriceTable
) -> None:
    now = int(time.time())
    with_usd, without = a_token(), a_token()
    dollars = replace(a_trade(with_usd, now - 100, price="3"), price_usd=Decimal("450.25"))
    earlier = replace(a_trade(without, now - 200), price_usd=Decimal(75))
    store(load, prices, [dollars, earlier, a_trade(without, now - 100)])

    answer = ask(load, "GET /tokens", tokens=[with_usd, without])

    listed = json.loads(answer["body"])["tokens"]
    by_token = {each["token"]: (each["price"], each.get("priceUsd")) for each in listed}
    assert by_token == {with_usd: (3.0, 450.25), without: (0.5, None)}


@pytest.mark.parametrize("are_configured", [True, False])
def test_list_goes_on_after_its_cursor(
    load: Load, known_tokens: KnownTokens, are_configured: bool
) -> None:
    tokens = sorted(a_token() for _ in range(5))
    known_tokens.note(tokens, now=time.time())
    configured = tokens if are_configured else []

    listed: list[str] = []
    query = {"limit": "2"}
    while True:
        answer = ask(load, "GET /tokens", query=query, tokens=configured)
        body = json.loads(answer["body"])
        assert len(body["tokens"]) <= 2
        listed += [each["token"] for each in body["tokens"]]
        if body["next"] is None:
            break
        query["after"] = body["next"]

    assert sorted(listed) == tokens


@pytest.mark.parametrize(
    ("query", "named"), [({"limit": "101"}, "limit"), ({"after": "a#b"}, "after")]
)
def test_wrong_parameter_of_the_list_is_refused(
    load: Load, query: dict[str, str], named: str
) -> None:
    answer = ask(load, "GET /tokens", query=query)

    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["error"]["message"].startswith(f"{named} must")


def test_volume_of_any_size_is_stored_exactly(
    load: Load, prices: PriceTable, dynamodb: DynamoDBClient
) -> None:
    """More digits than a number of DynamoDB has."""
    token = a_token()
    trades = [a_trade(token, DAY, amount="1e60"), a_trade(token, DAY, amount="1e-30")]
    store(load, prices, trades)

    (candle,) = CandleTable(dynamodb, CANDLES).range(token, "1d", DAY, DAY + 1, now=0, limit=1)

    assert candle.volume == Decimal("1" + "0" * 60 + "." + "0" * 29 + "1")


def test_many_readers_of_a_token_cost_one_read_a_second_of_its_trades(
    prices: PriceTable, dynamodb: DynamoDBClient
) -> None:
    token, now = a_token(), time.time()
    chart = Chart(RawTrades(dynamodb, PRICES), CandleTable(dynamodb, CANDLES))
    span = ChartSpan(interval=INTERVALS["1m"], start=0, end=int(now) + 60, limit=10)

    def newest(at: float) -> list[int]:
        return [candle.trades for candle in chart.page(token, span, now=at).candles]

    before = newest(now)
    prices.append_all([a_trade(token, int(now))], now=now, retention_seconds=RETENTION_SECONDS)

    assert (before, newest(now + 0.9), newest(now + 1)) == ([], [], [1])
