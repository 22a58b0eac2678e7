"""The read API."""

import json
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from functions.glow.prices.table import PriceTable
from tests.functions.builders import (
    RETENTION_SECONDS,
    a_token,
    an_http_event,
    an_update,
    updates_of,
)
from tests.functions.conftest import Load


def get(
    load: Load,
    route: str,
    *,
    token: str | None = None,
    query: dict[str, str] | None = None,
    tokens: Sequence[str] = (),
    **variables: str,
) -> tuple[int, Any]:
    prices = load("prices", tokens=tokens, **variables)
    answer = prices.handler(an_http_event(route, token=token, query=query), None)
    return answer["statusCode"], json.loads(answer["body"])


def test_health_says_when(load: Load) -> None:
    status, body = get(load, "GET /health/live")

    assert (status, body["status"]) == (200, "healthy")
    assert body["timestamp"].endswith("Z")
    assert len(body["timestamp"]) == len("2024-01-01T00:00:00.000Z")
    assert abs(datetime.fromisoformat(body["timestamp"]).timestamp() - time.time()) < 60


def test_health_is_told_by_head_too(load: Load) -> None:
    status, _ = get(load, "HEAD /health/live")

    assert status == 200


def test_newest_price_is_the_update_itself(load: Load, prices: PriceTable) -> None:
    older, newest = updates_of(a_token(), 2)
    prices.append_all([newest, older], now=time.time(), retention_seconds=RETENTION_SECONDS)

    status, body = get(load, "GET /tokens/{token}/price", token=newest.token)

    assert (status, body) == (200, newest.to_dict())


def test_thousand_updates_are_a_page_and_next_goes_on(load: Load, prices: PriceTable) -> None:
    updates = updates_of(a_token(), 1_001)
    token = updates[0].token
    prices.append_all(updates, now=time.time(), retention_seconds=RETENTION_SECONDS)
    after = an_update(token, timestamp=1).id

    route = "GET /tokens/{token}/prices"
    _, first = get(load, route, token=token, query={"after": after})
    _, last = get(load, route, token=token, query={"after": first["next"]})

    assert first["prices"] == [update.to_dict() for update in updates[:1_000]]
    assert last == {"token": token, "prices": [updates[1_000].to_dict()], "next": None}


def test_range_is_by_the_time_of_the_trade(load: Load, prices: PriceTable) -> None:
    now = int(time.time())
    old = an_update(a_token(), timestamp=now - 600)
    fresh = an_update(old.token, timestamp=now - 60)
    prices.append_all([old, fresh], now=now, retention_seconds=RETENTION_SECONDS)

    _, body = get(load, "GET /tokens/{token}/prices", token=old.token, query={"range": "5m"})

    assert body["prices"] == [fresh.to_dict()]


def test_last_prices_are_the_newest_oldest_first(load: Load, prices: PriceTable) -> None:
    updates = updates_of(a_token(), 5)
    token = updates[0].token
    prices.append_all(updates, now=time.time(), retention_seconds=RETENTION_SECONDS)

    _, body = get(load, "GET /tokens/{token}/prices", token=token, query={"last": "3"})

    assert body == {
        "token": token,
        "prices": [each.to_dict() for each in updates[2:]],
        "next": None,
    }


@pytest.mark.parametrize(
    ("route", "token", "query", "status", "code"),
    [
        ("GET /tokens/{token}/price", "NOBODY_TRADES_IT", {}, 404, "NO_PRICE"),
        ("GET /tokens/{token}/price", "a b", {}, 400, "BAD_REQUEST"),
        ("GET /tokens/{token}/prices", "SOL", {}, 400, "BAD_REQUEST"),
        ("GET /tokens/{token}/prices", "SOL", {"range": "30d"}, 400, "BAD_REQUEST"),
        ("GET /tokens/{token}/prices", "SOL", {"last": "0"}, 400, "BAD_REQUEST"),
        ("GET /tokens/{token}/prices", "SOL", {"last": "501"}, 400, "BAD_REQUEST"),
        ("GET /tokens/{token}/prices", "SOL", {"last": "few"}, 400, "BAD_REQUEST"),
        ("GET /tokens/{token}/prices", "SOL", {"last": "5", "range": "1d"}, 400, "BAD_REQUEST"),
        ("$default", None, {}, 404, "UNKNOWN_PATH"),
    ],
)
def test_wrong_request_is_refused(
    load: Load, route: str, token: str | None, query: dict[str, str], status: int, code: str
) -> None:
    answered, body = get(load, route, token=token, query=query)

    assert (answered, body["error"]["code"]) == (status, code)


def test_token_that_the_stack_does_not_stream_is_unknown(load: Load) -> None:
    status, body = get(load, "GET /tokens/{token}/price", token="OTHER", tokens=["SOL"])

    assert (status, body["error"]["code"]) == (404, "UNKNOWN_TOKEN")


def test_symbol_is_answered_with_its_mint(load: Load) -> None:
    status, body = get(load, "GET /tokens/{token}/price", token="WIF", tokens=["WIF=EKpQ"])

    assert (status, body["error"]["code"]) == (404, "UNKNOWN_TOKEN")
    assert body["error"]["message"] == "token WIF is a symbol; on the wire it is EKpQ"


def test_table_that_is_away_is_503(load: Load) -> None:
    status, body = get(load, "GET /tokens/{token}/price", token="SOL", PRICES_TABLE="missing")

    assert (status, body["error"]["code"]) == (503, "UNAVAILABLE")
