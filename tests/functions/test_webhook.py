"""The webhook: who may post, what it answers, and that nothing accepted is lost."""

import base64
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from functions.glow.edge.breaker import FAILURES_IN_A_ROW
from functions.glow.prices.table import PriceTable
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import EdgeHealth, Routes
from functions.glow.routing.table import RouteTable
from functions.glow.token import PROBE_TOKEN
from functions.glow.trades.intake import REPUBLISH_WITHIN_MS
from functions.glow.update import parse_update
from tests.functions.builders import (
    RETENTION_SECONDS,
    a_signature,
    a_simple_trade,
    a_token,
    an_http_event,
    an_update,
)
from tests.functions.cloud import PRICES, REGION, ROUTES, Queue, put_routes
from tests.functions.conftest import Load
from tests.functions.edge import NEVER, Edge

REPOSITORY = Path(__file__).parent.parent.parent
HELIUS = Path(__file__).parent.parent / "data" / "helius"
ROUTE = "POST /webhook/price"
AUTHORIZED = {"authorization": "Bearer current"}


def post(
    load: Load,
    body: str,
    *,
    headers: dict[str, str] | None = None,
    tokens: Sequence[str] = (),
    **variables: str,
) -> tuple[int, Any]:
    event = an_http_event(ROUTE, headers=AUTHORIZED if headers is None else headers, body=body)
    answer = load("webhook", tokens=tokens, **variables).handler(event, None)
    return answer["statusCode"], json.loads(answer["body"])


def post_simple(
    load: Load, token: str, body: str, *, tokens: Sequence[str] = (), **variables: str
) -> tuple[int, Any]:
    headers = {**AUTHORIZED, "x-token": token}
    return post(load, body, headers=headers, tokens=tokens, **variables)


def test_real_trade_is_stored_and_published(load: Load, queue: Queue, prices: PriceTable) -> None:
    body = (HELIUS / "enh_swap_pump_fun_buy_webhook.json").read_text()
    status, answer = post(load, body.replace("DgWA3F1w", "EnhForm1"))

    assert (status, answer["status"]) == (200, "accepted")
    [record] = queue.take()
    update = parse_update(record["body"])
    assert prices.newest(update.token, now=time.time()) == update


def test_trade_in_both_forms_of_helius_is_stored_once_and_broadcast_once(
    load: Load, queue: Queue
) -> None:
    raw, enhanced = (
        (HELIUS / f"{name}.json").read_text().replace("DgWA3F1w", "RawForm1")
        for name in ("raw_swap_pump_fun_buy_derived", "enh_swap_pump_fun_buy_webhook")
    )

    first, again = (post(load, body) for body in (raw, enhanced))

    assert first == (200, {"status": "accepted", "stored": 1, "duplicates": 0, "skipped": []})
    assert again == (200, {"status": "accepted", "stored": 0, "duplicates": 1, "skipped": []})
    assert len(queue.take()) == 1


def test_same_trade_again_is_stored_once_and_broadcast_once(load: Load, queue: Queue) -> None:
    body = a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time()))
    token = a_token()

    first, again = (post_simple(load, token, body) for _ in range(2))

    assert first == (200, {"status": "accepted", "stored": 1, "duplicates": 0, "skipped": []})
    assert again == (200, {"status": "accepted", "stored": 0, "duplicates": 1, "skipped": []})
    assert len(queue.take()) == 1


def test_crash_between_store_and_publish_heals_with_the_next_try(load: Load, queue: Queue) -> None:
    body = a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time()))
    token = a_token()

    lost, _ = post_simple(load, token, body, BROADCAST_QUEUE_URL=f"{queue.url}-missing")
    healed, answer = post_simple(load, token, body)

    assert (lost, healed, answer["duplicates"]) == (503, 200, 1)
    assert [parse_update(record["body"]).token for record in queue.take()] == [token]


@pytest.mark.parametrize(("age_ms", "published"), [(-5_000, 1), (5_000, 0)])
def test_duplicate_is_published_again_only_while_it_is_young(
    load: Load, queue: Queue, prices: PriceTable, age_ms: int, published: int
) -> None:
    token, signature, now = a_token(), a_signature(), time.time()
    update = an_update(token, timestamp=int(now), tx_signature=signature)
    arrived = now - (REPUBLISH_WITHIN_MS + age_ms) / 1000
    prices.append_all([update], now=arrived, retention_seconds=RETENTION_SECONDS)

    body = a_simple_trade(tx_signature=signature, timestamp=int(now))
    _, answer = post_simple(load, token, body)

    assert answer["duplicates"] == 1
    assert len(queue.take()) == published


def test_id_of_another_transaction_is_skipped_and_named(load: Load, queue: Queue) -> None:
    token, now = a_token(), int(time.time())
    prefix = "1234567890123456"
    post_simple(load, token, a_simple_trade(tx_signature=f"{prefix}A", timestamp=now))
    queue.take()
    _, answer = post_simple(load, token, a_simple_trade(tx_signature=f"{prefix}B", timestamp=now))

    assert (answer["stored"], answer["duplicates"]) == (0, 0)
    assert [skip["reason"] for skip in answer["skipped"]] == ["id_taken"]
    assert queue.take() == []


def test_table_that_is_away_is_503_and_nothing_is_published(load: Load, queue: Queue) -> None:
    body = a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time()))
    status, answer = post_simple(load, a_token(), body, PRICES_TABLE="missing")

    assert (status, answer["error"]["code"]) == (503, "UNAVAILABLE")
    assert queue.take() == []


def test_trade_of_2009_is_readable_after_its_200(load: Load, prices: PriceTable) -> None:
    token = a_token()
    body = a_simple_trade(tx_signature=a_signature(), timestamp=1_230_768_000)
    status, _ = post_simple(load, token, body)

    newest = prices.newest(token, now=time.time())
    assert status == 200
    assert newest is not None
    assert newest.timestamp == 1_230_768_000


@pytest.mark.parametrize("secret", ["current", "previous"])
def test_current_and_previous_secret_open(load: Load, secret: str) -> None:
    status, _ = post(load, "[]", headers={"Authorization": f"Bearer {secret}"})

    assert status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer "},
        {"authorization": "Bearer wrong"},
        {"authorization": "current"},
        {"authorization": "Bearer currentx"},
        {"authorization": "Bearer cürrent\udcff"},
    ],
)
def test_without_the_secret_it_is_401_with_the_remedy(load: Load, headers: dict[str, str]) -> None:
    status, answer = post(load, "[]", headers=headers)

    assert (status, answer["error"]["code"]) == (401, "UNAUTHORIZED")
    assert "Bearer <HeliusWebhookSecret>" in answer["error"]["message"]
    assert "current" not in answer["error"]["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("not JSON", 400),
        ("7", 400),
        ("{}", 400),
        ("[" * 100_000, 400),
        ("\udcff", 400),
        ("[NaN]", 400),
        ("[7, null, {}]", 200),
        ("x" * 7_000_000, 413),
    ],
)
def test_junk_is_never_a_5xx(load: Load, body: str, status: int) -> None:
    assert post(load, body)[0] == status


def test_timestamp_in_the_future_is_refused(load: Load) -> None:
    body = a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time()) + 120)
    status, answer = post_simple(load, a_token(), body)

    assert status == 400
    assert "timestamp" in answer["error"]["message"]


def test_token_that_the_stack_does_not_stream_is_refused(load: Load) -> None:
    body = a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time()))
    status, answer = post_simple(load, "OTHER", body, tokens=["SOL"])

    assert (status, answer["error"]["code"]) == (404, "UNKNOWN_TOKEN")


@pytest.mark.parametrize(
    ("text", "status"), [(base64.b64encode(b"[]").decode(), 200), ("***", 400)]
)
def test_body_in_base64_is_decoded(load: Load, text: str, status: int) -> None:
    event = an_http_event(ROUTE, headers=AUTHORIZED, body=text)
    event["isBase64Encoded"] = True

    assert load("webhook").handler(event, None)["statusCode"] == status


def test_with_the_edge_on_a_trade_goes_to_the_edge_alone(
    load: Load, edge: Edge, queue: Queue, retry_queue: Queue, routes: RouteTable
) -> None:
    put_routes(routes, Routes(current=Policy(edge_is_on=True)))
    token, body = a_token(), a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time()))

    status, answer = post_simple(load, token, body, USE_EDGE_BROADCAST="true")

    assert (status, answer["stored"]) == (200, 1)
    assert len(edge.heard[token]) == 1
    assert (queue.take(), retry_queue.take()) == ([], [])


def test_without_the_edge_its_packages_are_not_loaded() -> None:
    """They are a quarter of a cold start."""
    program = (
        "import functions.webhook, sys; sys.exit(bool({'asyncio', 'httptools'} & {*sys.modules}))"
    )
    variables = {
        "AWS_REGION": REGION,
        "STACK": "test",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PRICES_TABLE": PRICES,
        "ROUTES_TABLE": ROUTES,
        "BROADCAST_QUEUE_URL": "https://queue",
        "HELIUS_WEBHOOK_SECRET": "current",
        "LATER_QUEUE_URL": "https://later",
        "MAX_PRICE_JUMP": "20",
        "SOL_USD_MAX_AGE_SECONDS": "180",
        "PRICE_RETENTION_SECONDS": "60",
        "ROUTE_QUEUE_URL": "https://tasks",
        "COMPLETION_QUEUE_URL": "https://completions",
        "COMPLETIONS_PER_BODY": "2",
    }

    subprocess.run([sys.executable, "-c", program], env=variables, cwd=REPOSITORY, check=True)


def test_item_says_where_a_trade_goes_whatever_the_environment_says(
    load: Load, edge: Edge, queue: Queue, routes: RouteTable
) -> None:
    put_routes(routes, Routes(current=Policy(edge_is_on=True)))
    token, body = a_token(), a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time()))

    post_simple(load, token, body, USE_EDGE_BROADCAST="false")

    assert len(edge.heard[token]) == 1
    assert queue.take() == []


def test_trade_goes_to_both_paths_within_the_grace(
    load: Load, edge: Edge, queue: Queue, routes: RouteTable
) -> None:
    now_ms = int(time.time() * 1_000)
    put_routes(routes, Routes(current=Policy()).changed(Policy(edge_is_on=True), now_ms=now_ms))
    token, body = a_token(), a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time()))

    post_simple(load, token, body)

    assert len(edge.heard[token]) == 1
    assert len(queue.take()) == 1


@pytest.mark.parametrize("table", [ROUTES, "missing"])
def test_with_the_edge_on_and_no_item_a_trade_goes_to_both_paths(
    load: Load, edge: Edge, queue: Queue, table: str
) -> None:
    """The item may send this token to either path."""
    token, body = a_token(), a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time()))

    status, _ = post_simple(load, token, body, ROUTES_TABLE=table, USE_EDGE_BROADCAST="true")

    assert status == 200
    assert len(edge.heard[token]) == 1
    assert len(queue.take()) == 1


@pytest.mark.usefixtures("routes")
def test_with_the_edge_off_and_no_item_a_trade_goes_to_aws_alone(
    load: Load, edge: Edge, queue: Queue
) -> None:
    token, body = a_token(), a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time()))

    status, _ = post_simple(load, token, body)

    assert status == 200
    assert token not in edge.heard
    assert len(queue.take()) == 1


def test_with_the_edge_off_and_the_item_unread_a_trade_goes_to_both_paths(
    load: Load, edge: Edge, queue: Queue
) -> None:
    """The flag may have been turned off a moment ago: then clients of the edge are still there."""
    token, body = a_token(), a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time()))

    status, _ = post_simple(load, token, body, ROUTES_TABLE="missing")

    assert status == 200
    assert len(edge.heard[token]) == 1
    assert len(queue.take()) == 1


def test_traded_token_is_known_from_then_on(load: Load, known_tokens: KnownTokens) -> None:
    token, body = a_token(), a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time()))

    post_simple(load, token, body)

    assert token in known_tokens.page(None, now=time.time())[0]


def test_reserved_token_of_the_operators_is_streamed_but_never_listed(
    load: Load, known_tokens: KnownTokens, edge: Edge, queue: Queue, routes: RouteTable
) -> None:
    put_routes(routes, Routes(current=Policy(edge_is_on=True, edge_percent=0)))
    body = a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time()))

    status, _ = post_simple(load, PROBE_TOKEN, body, tokens=["SOL"], USE_EDGE_BROADCAST="true")

    assert status == 200
    assert len(edge.heard[PROBE_TOKEN]) == len(queue.take()) == 1
    assert PROBE_TOKEN not in known_tokens.page(None, now=time.time())[0]


def trade_until_the_circuit_opens(webhook: ModuleType, token: str) -> None:
    for _ in range(FAILURES_IN_A_ROW):
        body = a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time()))
        event = an_http_event(ROUTE, headers={**AUTHORIZED, "x-token": token}, body=body)
        assert webhook.handler(event, None)["statusCode"] == 200


def test_edge_that_fails_one_process_within_a_moment_is_suspected_and_nobody_is_moved(
    load: Load, edge: Edge, routes: RouteTable
) -> None:
    put_routes(routes, Routes(current=Policy(edge_is_on=True)))
    edge.answer = lambda _post: 500
    webhook, token = load("webhook", USE_EDGE_BROADCAST="true"), a_token()

    trade_until_the_circuit_opens(webhook, token)

    marked = routes.read()
    assert marked is not None
    assert marked.health.state == "suspect"
    assert marked.open_paths(token, now_ms=int(time.time() * 1_000)) == {"edge"}

    edge.answer = lambda _post: 200
    post_simple(
        load,
        token,
        a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time())),
        USE_EDGE_BROADCAST="true",
    )
    cleared = routes.read()
    assert cleared is not None
    assert cleared.health.state == "well"


def test_edge_that_fails_a_second_process_too_is_marked_down_and_aws_carries_its_tokens(
    load: Load, edge: Edge, queue: Queue, retry_queue: Queue, routes: RouteTable
) -> None:
    put_routes(routes, Routes(current=Policy(edge_is_on=True)))
    edge.answer = lambda _post: 500
    first, second = (load("webhook", USE_EDGE_BROADCAST="true") for _ in range(2))
    token = a_token()

    for process in (first, second):
        trade_until_the_circuit_opens(process, token)

    marked = routes.read()
    assert marked is not None
    assert marked.health.state == "down"
    assert marked.open_paths(token, now_ms=int(time.time() * 1_000)) == {"aws", "edge"}
    trade_until_the_circuit_opens(second, token)
    assert len(queue.take()) == len(retry_queue.take()) == 3 * FAILURES_IN_A_ROW


def test_body_of_many_tokens_that_time_out_moves_nobody(
    load: Load, edge: Edge, routes: RouteTable
) -> None:
    put_routes(routes, Routes(current=Policy(edge_is_on=True)))
    swap = json.loads((HELIUS / "enh_swap_pump_fun_buy_webhook.json").read_text())
    mint = swap[0]["tokenTransfers"][0]["mint"]
    tokens = [f"{mint[:-2]}{number}k" for number in range(1, 2 * FAILURES_IN_A_ROW)]
    body = json.dumps(
        [
            {**json.loads(json.dumps(swap[0]).replace(mint, token)), "slot": 300_000_000 + index}
            for index, token in enumerate(tokens)
        ]
    )
    edge.answer = lambda _post: NEVER

    status, answer = post(load, body, USE_EDGE_BROADCAST="true", CALL_TIMEOUT_MS="200")

    assert (status, answer["stored"]) == (200, len(tokens))
    assert {posted.token for posted in edge.posts} == set(tokens)
    marked = routes.read()
    assert marked is not None
    assert marked.health == EdgeHealth()


def test_edge_that_answers_again_is_marked_so_and_its_clients_are_to_be_called_back(
    load: Load, edge: Edge, queue: Queue, routes: RouteTable, tasks: Queue
) -> None:
    put_routes(routes, Routes(current=Policy(edge_is_on=True)))
    long_ago_ms = int(time.time() * 1_000) - 60_000
    routes.replace_health(EdgeHealth(), EdgeHealth(state="down", since_ms=long_ago_ms))
    token, body = a_token(), a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time()))

    post_simple(load, token, body, USE_EDGE_BROADCAST="true")

    marked = routes.read()
    assert marked is not None
    assert marked.health.state == "recovering"
    assert len(edge.heard[token]) == len(queue.take()) == 1  # AWS carries it until all have left
    [task] = [json.loads(record["body"]) for record in tasks.take()]
    assert task["task"] == "go_on"


def test_room_that_was_forgotten_is_called_back_by_the_first_trade(
    load: Load, edge: Edge, routes: RouteTable
) -> None:
    """It was told to send its clients away, and the table that knew of it is gone."""
    put_routes(routes, Routes(current=Policy(edge_is_on=True)))
    token, body = a_token(), a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time()))
    edge.away.add(token)

    post_simple(load, token, body, USE_EDGE_BROADCAST="true")

    [(path, order)] = edge.orders
    assert (path, order["path"], order["tokens"]) == ("/moves", "edge", [token])


def test_room_that_is_away_within_the_grace_of_a_change_is_left_alone(
    load: Load, edge: Edge, routes: RouteTable
) -> None:
    now_ms = int(time.time() * 1_000)
    put_routes(routes, Routes(current=Policy(edge_is_on=True)).changed(Policy(), now_ms=now_ms))
    token, body = a_token(), a_simple_trade(tx_signature=a_signature(), timestamp=int(time.time()))
    edge.away.add(token)

    post_simple(load, token, body, USE_EDGE_BROADCAST="true")

    assert len(edge.heard[token]) == 1
    assert edge.orders == []
