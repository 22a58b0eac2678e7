"""Requests that schemathesis makes up, good and bad: the answers are those of docs/openapi-edge.yaml.

What the other tests hear at the edge is held against the descriptions as well (wire.py).
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.stack import LocalStack
from tests.api.descriptions import EDGE, MADE_UP, assert_made_up_case_is_answered_as_described
from tests.local.wire import Listeners, Wire, a_trade

YEARS_AGO = "1230768000-000000000000-0"


@pytest.fixture(scope="session")
def secret(stack: LocalStack) -> str:
    return stack.config_get("glow:EdgeBroadcastSecret")


@EDGE.parametrize()
@MADE_UP
def test_made_up_request_is_answered_as_described(case: Any, edge_url: str, secret: str) -> None:
    assert_made_up_case_is_answered_as_described(
        case, edge_url, secret, without=checks_that_do_not_apply(case)
    )


def checks_that_do_not_apply(case: Any) -> Iterator[str]:
    match case.operation.label:
        case "POST /broadcast/{token}":
            yield "positive_data_acceptance"  # OpenAPI cannot say that the id is made of the rest
        case "POST /moves":
            yield "positive_data_acceptance"  # OpenAPI cannot say which texts are a URL
        case "GET /ws/{token}":
            yield from (
                "positive_data_acceptance",
                "negative_data_rejection",
            )  # without an upgrade each answer is 426
        case _:
            pass


async def test_every_message_of_the_room_is_as_described(
    wire: Wire, edge_url: str, secret: str, listeners: Listeners
) -> None:
    first, second = a_trade(), a_trade()
    listener = await listeners.at_edge(edge_url, "HEARD")
    wire.send(first, token="HEARD")
    wire.send(second, token="HEARD")
    await listener.hear_trade(second)
    back = await listeners.at_edge(edge_url, "HEARD", after=YEARS_AGO)
    await back.hear_type("PRICE_BATCH")
    await back.say({"type": "ping"})
    await back.hear_type("pong")

    move_away("HEARD", wire.websocket_url, edge_url, secret)
    await back.hear_type("MOVED")
    assert {message["type"] for message in listener.messages + back.messages} == {
        *("connected", "pong", "PRICE_UPDATE", "PRICE_BATCH", "GAP", "MOVED")
    }


def move_away(token: str, url: str, edge_url: str, secret: str) -> None:
    """Tell the token's clients at the edge to go to `url`; they may stay."""
    order = {"path": "aws", "tokens": [token], "url": url, "jitterMs": 0}
    response = httpx.post(
        f"{edge_url}/moves",
        json={**order, "closeAtMs": 9_999_999_999_999},
        headers={"authorization": f"Bearer {secret}"},
        timeout=60,
    )
    assert response.status_code == 200, response.text
