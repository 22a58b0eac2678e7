"""`GET /connect/{token}` and `GET /connect`: where a client is sent, and how it is to speak there."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import SETTLE_MS, EdgeHealth, Routes
from functions.glow.routing.table import RouteTable
from tests.functions.builders import a_token, an_http_event
from tests.functions.cloud import put_routes
from tests.functions.conftest import Load
from tests.functions.edge import Edge

ROUTE, ROUTE_OF_MANY = "GET /connect/{token}", "GET /connect"
EDGE = Policy(edge_is_on=True)
CONTRACT = json.loads((Path(__file__).parents[1] / "contract" / "connect.json").read_text())


def ask(
    load: Load,
    token: str,
    query: dict[str, str] | None = None,
    *,
    tokens: Sequence[str] = (),
    **variables: str,
) -> Any:
    event = an_http_event(ROUTE, token=token, query=query)
    answer = load("discovery", tokens=tokens, **variables).handler(event, None)
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def ask_for_many(
    load: Load,
    asked: str | None,
    query: dict[str, str] | None = None,
    *,
    tokens: Sequence[str] = (),
) -> Any:
    named = {} if asked is None else {"tokens": asked}
    event = an_http_event(ROUTE_OF_MANY, query={**named, **(query or {})})
    answer = load("discovery", tokens=tokens).handler(event, None)
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def settled_ms() -> int:
    """Long enough ago for every publisher to know."""
    return int(time.time() * 1_000) - SETTLE_MS


def test_without_the_item_the_environment_counts(load: Load, edge: Edge) -> None:
    token = a_token()

    status, on_aws, headers = ask(load, token)
    _, at_edge, _ = ask(load, token, USE_EDGE_BROADCAST="true")

    assert (status, headers["cache-control"]) == (200, "public, max-age=2")
    assert on_aws == {
        "path": "aws",
        "url": "wss://websocket.test/live",
        "protocol": {
            "subscribe": {"action": "subscribePrice", "token": token},
            "ping": {"action": "ping"},
            "pingMs": 240_000,
            "maxAgeMs": 6_600_000,
        },
        "live": {
            "url": "wss://websocket.test/live",
            "protocol": {
                "subscribe": {"action": "subscribePrice"},
                "ping": {"action": "ping"},
                "pingMs": 240_000,
                "maxAgeMs": 6_600_000,
            },
        },
        "recheckMs": None,
    }
    edge_url = edge.url.replace("http", "ws", 1)
    protocol = {"ping": {"type": "ping"}, "pingMs": 20_000, "maxAgeMs": None}
    assert at_edge == {
        "path": "edge",
        "url": f"{edge_url}/ws/{token}",
        "protocol": {"subscribe": None, **protocol},
        "live": {
            "url": f"{edge_url}/live",
            "protocol": {"subscribe": {"action": "subscribePrice"}, **protocol},
        },
        "recheckMs": 300_000,  # nobody has traded it
    }


def test_without_the_table_nobody_is_sent_to_a_path_that_may_be_quiet(load: Load) -> None:
    for flag in ("true", "false"):
        status, answer, _ = ask(load, a_token(), ROUTES_TABLE="missing", USE_EDGE_BROADCAST=flag)

        assert (status, answer["error"]["code"]) == (503, "UNAVAILABLE")


def test_item_counts_more_than_the_environment(load: Load, routes: RouteTable) -> None:
    put_routes(routes, Routes(current=EDGE))

    assert ask(load, a_token())[1]["path"] == "edge"


def test_change_is_told_only_once_every_publisher_knows_it(load: Load, routes: RouteTable) -> None:
    now_ms = int(time.time() * 1_000)
    put_routes(routes, Routes(current=Policy()).changed(EDGE, now_ms=now_ms))
    assert ask(load, a_token())[1]["path"] == "aws"

    put_routes(routes, Routes(current=Policy()).changed(EDGE, now_ms=settled_ms()))
    assert ask(load, a_token())[1]["path"] == "edge"


def test_client_in_a_region_of_aws_is_sent_there(load: Load, routes: RouteTable) -> None:
    policy = Policy(edge_is_on=True, aws_regions=frozenset({"us-east-1"}))
    put_routes(routes, Routes(current=policy))

    assert ask(load, a_token(), {"region": "us-east-1"})[1]["path"] == "aws"
    assert ask(load, a_token(), {"region": "eu-west-1"})[1]["path"] == "edge"


def test_path_that_a_client_cannot_reach_is_avoided_where_another_serves(
    load: Load, routes: RouteTable
) -> None:
    put_routes(routes, Routes(current=EDGE))
    assert ask(load, a_token(), {"avoid": "edge"})[1]["path"] == "edge"  # aws would be silent

    put_routes(routes, Routes(current=Policy(edge_is_on=True, is_dual=True)))
    answer = ask(load, a_token(), {"avoid": "edge"})[1]

    # The client may have met a short outage: it asks again whether it may go back.
    assert (answer["path"], answer["recheckMs"]) == ("aws", 15_000)
    assert ask(load, a_token(), {"avoid": "aws"})[1]["recheckMs"] == 300_000  # its own, untraded


def test_while_the_edge_is_down_clients_are_sent_to_aws_and_asked_to_look_again(
    load: Load, routes: RouteTable
) -> None:
    put_routes(routes, Routes(current=EDGE))
    routes.replace_health(EdgeHealth(), EdgeHealth(state="down", since_ms=settled_ms()))

    answer = ask(load, a_token())[1]

    assert (answer["path"], answer["recheckMs"]) == ("aws", 15_000)


def test_token_that_nobody_trades_is_not_written_down_and_its_clients_ask_again(
    load: Load, routes: RouteTable, known_tokens: KnownTokens
) -> None:
    """A room that no change of route is sent to cannot tell its clients of one."""
    put_routes(routes, Routes(current=EDGE))
    traded, untraded = a_token(), a_token()
    known_tokens.note([traded], now=time.time())

    assert ask(load, traded)[1]["recheckMs"] is None
    assert ask(load, untraded)[1]["recheckMs"] == 300_000

    known, _ = known_tokens.page(None, now=time.time())
    assert traded in known
    assert untraded not in known


def test_token_of_config_needs_no_trade_to_be_told(load: Load, routes: RouteTable) -> None:
    put_routes(routes, Routes(current=EDGE))

    assert ask(load, "SOL", tokens=["SOL"])[1]["recheckMs"] is None


def test_client_on_aws_is_always_told(load: Load, routes: RouteTable) -> None:
    """Its subscription is a row, whatever the token."""
    put_routes(routes, Routes(current=Policy()))

    assert ask(load, a_token())[1]["recheckMs"] is None


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"region": "Mars"}, "region must be an AWS region such as us-east-1; got 'Mars'"),
        ({"avoid": "rain"}, "avoid must be aws or edge; got 'rain'"),
    ],
)
def test_bad_parameter_is_named(load: Load, query: dict[str, str], message: str) -> None:
    status, answer, _ = ask(load, a_token(), query)

    assert status == 400
    assert answer["error"]["message"] == message


def test_token_that_the_stack_does_not_stream_is_not_found(load: Load) -> None:
    status, answer, _ = ask(load, "WIF", tokens=["WIF=EKpQ"])

    assert (status, answer["error"]["code"]) == (404, "UNKNOWN_TOKEN")
    assert answer["error"]["message"] == "token WIF is a symbol; on the wire it is EKpQ"
    assert ask(load, "OTHER", tokens=["SOL"])[0] == 404
    assert ask(load, "bad token!")[0] == 400


def test_many_tokens_are_answered_each_as_alone_and_in_the_order_asked(
    load: Load, routes: RouteTable, known_tokens: KnownTokens
) -> None:
    tokens = [a_token() for _ in range(20)]
    known_tokens.note(tokens[::2], now=time.time())
    put_routes(routes, Routes(current=Policy(edge_is_on=True, edge_percent=50)))

    status, answer, headers = ask_for_many(load, ",".join(tokens))

    assert (status, headers["cache-control"]) == (200, "public, max-age=2")
    assert answer["routes"] == [{"token": each, **ask(load, each)[1]} for each in tokens]
    assert {(each["path"], each["recheckMs"]) for each in answer["routes"]} == {
        *(("aws", None), ("edge", None), ("edge", 300_000))
    }


def test_region_and_avoided_path_count_for_each_of_many(load: Load, routes: RouteTable) -> None:
    policy = Policy(edge_is_on=True, aws_regions=frozenset({"us-east-1"}), is_dual=True)
    put_routes(routes, Routes(current=policy))
    tokens = f"{a_token()},{a_token()}"

    def paths(query: dict[str, str]) -> list[str]:
        return [route["path"] for route in ask_for_many(load, tokens, query)[1]["routes"]]

    assert paths({"region": "us-east-1"}) == ["aws", "aws"]
    assert paths({"avoid": "edge"}) == ["aws", "aws"]
    assert paths({}) == ["edge", "edge"]


def test_token_that_is_not_streamed_takes_no_other_with_it(load: Load, routes: RouteTable) -> None:
    put_routes(routes, Routes(current=Policy()))

    status, answer, _ = ask_for_many(load, "WIF,SOL,OTHER", tokens=["WIF=EKpQ", "SOL"])

    assert status == 200
    symbol, streamed, other = answer["routes"]
    assert symbol == {
        "token": "WIF",
        "error": {
            "code": "UNKNOWN_TOKEN",
            "message": "token WIF is a symbol; on the wire it is EKpQ",
        },
    }
    assert (streamed["token"], streamed["path"]) == ("SOL", "aws")
    assert (other["token"], other["error"]["code"]) == ("OTHER", "UNKNOWN_TOKEN")


@pytest.mark.parametrize("case", CONTRACT["refused"], ids=lambda case: case["name"])
def test_text_that_is_no_list_of_tokens_is_refused_as_a_whole(load: Load, case: Any) -> None:
    status, answer, _ = ask_for_many(load, case["tokens"])

    assert (status, answer["error"]["code"]) == (400, "BAD_REQUEST")
    assert answer["error"]["message"].startswith(f"{case['names']} ")


def test_bad_parameter_beside_many_tokens_is_named(load: Load) -> None:
    status, answer, _ = ask_for_many(load, "SOL", {"avoid": "rain"})

    assert (status, answer["error"]["message"]) == (400, "avoid must be aws or edge; got 'rain'")
