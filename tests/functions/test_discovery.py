"""`GET /connect/{token}`: where a client is sent, and how it is to speak there."""

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest

from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import SETTLE_MS, EdgeHealth, Routes
from functions.glow.routing.table import RouteTable
from tests.functions.builders import a_token, an_http_event
from tests.functions.conftest import Load
from tests.functions.edge import Edge

ROUTE = "GET /connect/{token}"
EDGE = Policy(edge_is_on=True)


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
        "recheckMs": None,
    }
    assert at_edge == {
        "path": "edge",
        "url": f"{edge.url.replace('http', 'ws', 1)}/ws/{token}",
        "protocol": {
            "subscribe": None,
            "ping": {"type": "ping"},
            "pingMs": 20_000,
            "maxAgeMs": None,
        },
        "recheckMs": None,
    }


def test_without_the_table_nobody_is_sent_to_a_path_that_may_be_quiet(load: Load) -> None:
    for flag in ("true", "false"):
        status, answer, _ = ask(load, a_token(), ROUTES_TABLE="missing", USE_EDGE_BROADCAST=flag)

        assert (status, answer["error"]["code"]) == (503, "UNAVAILABLE")


def test_item_counts_more_than_the_environment(load: Load, routes: RouteTable) -> None:
    routes.write(Routes(current=EDGE))

    assert ask(load, a_token())[1]["path"] == "edge"


def test_change_is_told_only_once_every_publisher_knows_it(load: Load, routes: RouteTable) -> None:
    now_ms = int(time.time() * 1_000)
    routes.write(Routes(current=Policy()).changed(EDGE, now_ms=now_ms))
    assert ask(load, a_token())[1]["path"] == "aws"

    routes.write(Routes(current=Policy()).changed(EDGE, now_ms=settled_ms()))
    assert ask(load, a_token())[1]["path"] == "edge"


def test_client_in_a_region_of_aws_is_sent_there(load: Load, routes: RouteTable) -> None:
    policy = Policy(edge_is_on=True, aws_regions=frozenset({"us-east-1"}))
    routes.write(Routes(current=policy))

    assert ask(load, a_token(), {"region": "us-east-1"})[1]["path"] == "aws"
    assert ask(load, a_token(), {"region": "eu-west-1"})[1]["path"] == "edge"


def test_path_that_a_client_cannot_reach_is_avoided_where_another_serves(
    load: Load, routes: RouteTable
) -> None:
    routes.write(Routes(current=EDGE))
    assert ask(load, a_token(), {"avoid": "edge"})[1]["path"] == "edge"  # aws would be silent

    routes.write(Routes(current=Policy(edge_is_on=True, is_dual=True)))
    answer = ask(load, a_token(), {"avoid": "edge"})[1]

    # The client may have met a short outage: it asks again whether it may go back.
    assert (answer["path"], answer["recheckMs"]) == ("aws", 15_000)
    assert ask(load, a_token(), {"avoid": "aws"})[1]["recheckMs"] is None


def test_while_the_edge_is_down_clients_are_sent_to_aws_and_asked_to_look_again(
    load: Load, routes: RouteTable
) -> None:
    routes.write(Routes(current=EDGE))
    routes.replace_health(EdgeHealth(), EdgeHealth(state="down", since_ms=settled_ms()))

    answer = ask(load, a_token())[1]

    assert (answer["path"], answer["recheckMs"]) == ("aws", 15_000)


def test_token_that_is_asked_for_is_known_from_then_on(load: Load, known_tokens: Any) -> None:
    token = a_token()

    ask(load, token)

    assert token in set(known_tokens.all(now=time.time()))


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
