"""What a stranger or a mistake sends: a clear answer, never a 5xx, and nothing is lost."""

import json
import time

import pytest
from websockets.exceptions import InvalidStatus

from tests.local.wire import Listeners, Message, Wire, a_trade

MEBIBYTE = 1024 * 1024


def test_missing_authorization_is_refused_with_the_remedy(wire: Wire) -> None:
    response = wire.post(a_trade(), token="BAD", key="")

    assert response.status_code == 401
    assert "HeliusWebhookSecret" in response.json()["error"]["message"]
    assert wire.get("/tokens/BAD/price").status_code == 404


def test_wrong_authorization_is_refused_and_not_repeated(wire: Wire) -> None:
    response = wire.post(a_trade(), token="BAD", key="a-wrong-secret")

    assert response.status_code == 401
    assert "a-wrong-secret" not in response.text
    assert wire.key not in response.text


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        pytest.param("", 400, "body", id="empty"),
        pytest.param("not json", 400, "JSON", id="not-json"),
        pytest.param(b"\xff\xfe{}", 400, "body", id="not-utf-8"),
        pytest.param("[" * 100_000 + "]" * 100_000, 400, "deep", id="deep-json"),
        pytest.param('"text"', 400, "object", id="neither-array-nor-object"),
        pytest.param('{"price": NaN}', 400, "NaN", id="not-a-number"),
        pytest.param(b" " * (7 * MEBIBYTE), 413, "bytes", id="seven-megabytes"),
    ],
)
def test_body_that_cannot_be_read_is_refused(
    wire: Wire, body: str | bytes, status: int, named: str
) -> None:
    response = wire.post(body, token="BAD")

    assert response.status_code == status, response.text
    assert named in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"txSignature": "no/slashes"}, "txSignature"),
        ({"slot": -1}, "slot"),
        ({"timestamp": "now"}, "timestamp"),
        ({"timestamp": int(time.time()) + 3_600}, "timestamp"),
        ({"accounts": []}, "vault_sol"),
        ({"accounts": "none"}, "accounts"),
    ],
)
def test_field_that_is_wrong_is_named(wire: Wire, change: Message, named: str) -> None:
    response = wire.post(a_trade() | change, token="BAD")

    assert response.status_code == 400
    assert named in response.json()["error"]["message"]


@pytest.mark.parametrize("token", ["a b", "a/b", "x" * 65, "%00", ""])
def test_bad_token_is_refused_before_it_reaches_a_key(wire: Wire, token: str) -> None:
    response = wire.post(a_trade(), token=token)

    assert response.status_code == 400
    assert "x-token" in response.json()["error"]["message"]


def test_simple_form_without_token_says_what_is_missing(wire: Wire) -> None:
    response = wire.post(a_trade())

    assert response.status_code == 400
    assert "x-token" in response.json()["error"]["message"]


def test_trade_of_2009_is_readable_after_its_200(wire: Wire) -> None:
    trade = a_trade(timestamp=1_230_768_000)

    assert wire.send(trade, token="OLD")["stored"] == 1

    assert wire.get("/tokens/OLD/price").json()["txSignature"] == trade["txSignature"]
    after = "1230767999-000000000000-0"
    page = wire.get(f"/tokens/OLD/prices?after={after}").json()
    assert [update["txSignature"] for update in page["prices"]] == [trade["txSignature"]]


def test_zero_change_is_accepted_counted_and_named(wire: Wire) -> None:
    trade = a_trade(token_units=0)

    answer = wire.send(trade, token="ZERO")

    assert answer["stored"] == 0
    assert [skip["txSignature"] for skip in answer["skipped"]] == [trade["txSignature"]]


def test_damaged_transaction_does_not_fail_its_neighbours(wire: Wire) -> None:
    response = wire.post([{"signature": "Broken", "tokenTransfers": 5}, None, {}])

    assert response.status_code == 200
    assert len(response.json()["skipped"]) == 3


@pytest.mark.parametrize(
    ("path", "status", "named"),
    [
        ("/tokens/NOBODY/price", 404, "NOBODY"),
        ("/tokens/a%20b/price", 400, "token"),
        ("/tokens/X/prices", 400, "range"),
        ("/tokens/X/prices?range=tomorrow", 400, "range"),
        ("/tokens/X/prices?after=yesterday", 400, "after"),
        ("/tokens/X/prices?range=1d&after=1230767999-000000000000-0", 400, "after"),
    ],
)
def test_bad_read_is_refused_with_the_parameter_named(
    wire: Wire, path: str, status: int, named: str
) -> None:
    response = wire.get(path)

    assert response.status_code == status, response.text
    assert named in response.json()["error"]["message"]


def test_health_answers_with_the_time(wire: Wire) -> None:
    response = wire.get("/health/live")

    assert response.status_code == 200
    assert response.json()["status"] == "healthy"
    assert response.json()["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("not json", "BAD_REQUEST"),
        ({"action": "dance"}, "UNKNOWN_ACTION"),
        ({"action": "subscribePrice"}, "BAD_REQUEST"),
        ({"action": "subscribePrice", "token": "a b"}, "BAD_REQUEST"),
        ({"action": "subscribePrice", "token": "X", "after": "yesterday"}, "BAD_REQUEST"),
        ({"action": "subscribePrice", "token": "X", "delivery": "carrier pigeon"}, "BAD_REQUEST"),
    ],
)
async def test_message_that_is_wrong_gets_an_error_and_the_connection_lives(
    listeners: Listeners, message: object, code: str
) -> None:
    listener = await listeners.open()

    await listener.say(message)

    error = await listener.hear_type("ERROR")
    assert error["code"] == code
    assert json.dumps(message)[:20] not in error["message"] or code == "UNKNOWN_ACTION"
    await listener.say({"action": "ping"})
    await listener.hear_type("pong")


async def test_token_number_101_is_refused(listeners: Listeners) -> None:
    listener = await listeners.open()
    tokens = [f"MANY{number}" for number in range(100)]
    entries = [{"token": token} for token in tokens]
    await listener.say({"action": "subscribePrice", "subscriptions": entries})
    await listener.hear_type("SUBSCRIBED")
    await listener.say({"action": "subscribePrice", "token": "ONE_MORE"})

    error = await listener.hear_type("ERROR")

    assert error["code"] == "TOO_MANY_TOKENS"
    await listener.say({"action": "unsubscribePrice", "tokens": tokens})
    left = await listener.hear_type("UNSUBSCRIBED")
    assert left["tokens"] == tokens


async def test_origin_that_is_not_listed_is_refused(listeners: Listeners) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await listeners.open(Origin="https://evil.example")

    assert refused.value.response.status_code == 403
    await listeners.open(Origin="http://localhost:3000")


async def test_unsubscribed_client_hears_no_more(wire: Wire, listeners: Listeners) -> None:
    listener, other = await listeners.subscribed("QUIET"), await listeners.subscribed("QUIET")
    await listener.say({"action": "unsubscribePrice", "token": "QUIET"})
    await listener.hear_type("UNSUBSCRIBED")
    trade = a_trade()

    wire.send(trade, token="QUIET")

    await other.hear_trade(trade)
    await listener.say({"action": "ping"})
    await listener.hear_type("pong")
    assert listener.updates == []
