"""Discovery against its golden file. The JavaScript library reads the same file."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from client.fields import as_fields
from client.paths import PROTOCOLS, parse_route
from functions.glow.errors import BadRequest
from functions.glow.routing.discovery import parse_preferences, parse_tokens, where_to_connect
from functions.glow.routing.endpoints import Endpoints
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import SETTLE_MS, EdgeHealth, Routes

Golden = dict[str, Any]  # a golden file, as JSON; the tests below show its shape

CONNECT: Golden = json.loads(Path(__file__).with_name("connect.json").read_text())
ENDPOINTS = Endpoints(CONNECT["endpoints"]["websocketUrl"], CONNECT["endpoints"]["edgeOrigin"])
DOWN = EdgeHealth(state="down")


def answers(tokens: Sequence[str], routes: Routes, *, are_told: bool) -> Golden:
    found = where_to_connect(
        tokens,
        parse_preferences({}),
        routes,
        ENDPOINTS,
        surely_told=lambda asked: set(asked if are_told else []),
        now_ms=SETTLE_MS,
    )
    return {token: dict(answer) for token, answer in found.items()}


def named(example: Golden) -> str:
    return str(example["name"])


@pytest.mark.parametrize("example", CONNECT["routes"], ids=named)
def test_client_is_sent_where_the_file_says(example: Golden) -> None:
    is_down = example.get("edgeIsDown", False)
    policy = Policy(edge_is_on=is_down or example["path"] == "edge")
    routes = Routes(current=policy, health=DOWN if is_down else EdgeHealth())

    answer = answers([example["token"]], routes, are_told=example["isTold"])

    assert list(answer[example["token"]].items()) == list(example["route"].items())


@pytest.mark.parametrize("example", CONNECT["routes"], ids=named)
def test_library_understands_the_answer(example: Golden) -> None:
    route = parse_route(as_fields(example["route"]))

    assert route.live is not None
    assert (route.path, route.recheck_ms) == (example["path"], example["route"]["recheckMs"])
    for endpoint, said in ((route.one, example["route"]), (route.live, example["route"]["live"])):
        assert endpoint.url == said["url"]
        assert endpoint.protocol.subscribe == said["protocol"]["subscribe"]
        assert endpoint.protocol.ping_ms == said["protocol"]["pingMs"]
        assert endpoint.protocol.max_age_ms == said["protocol"]["maxAgeMs"]


@pytest.mark.parametrize("example", CONNECT["routes"], ids=named)
def test_library_knows_without_asking_how_each_path_is_spoken(example: Golden) -> None:
    """For MOVED, which names only path and URLs."""
    one, live = PROTOCOLS[example["path"]]
    route = parse_route(as_fields(example["route"]))

    assert route.live is not None
    assert route.live.protocol == live
    assert route.one.protocol == replace(one, subscribe=route.one.protocol.subscribe)


def test_many_tokens_are_answered_one_by_one_in_the_order_asked() -> None:
    asked = parse_tokens(CONNECT["many"])
    rows = CONNECT["many"]["answer"]["routes"]
    policy = Policy(edge_is_on=True, edge_percent=0, edge_tokens=frozenset({"SOL"}))

    found = answers(asked, Routes(current=policy), are_told=True)

    assert asked == [row["token"] for row in rows]
    for row in rows:
        assert "error" in row or row == {"token": row["token"], **found[row["token"]]}


@pytest.mark.parametrize("example", CONNECT["refused"], ids=named)
def test_bad_list_of_tokens_is_refused_by_its_place(example: Golden) -> None:
    query = {} if example["tokens"] is None else {"tokens": example["tokens"]}

    with pytest.raises(BadRequest) as refused:
        parse_tokens(query)

    assert str(refused.value).startswith(f"{example['names']} ")


def test_hundred_tokens_are_the_most() -> None:
    names = [f"T{number}" for number in range(CONNECT["maxTokens"] + 1)]

    assert parse_tokens({"tokens": ",".join(names[:-1])}) == names[:-1]
    with pytest.raises(BadRequest, match=r"^tokens must name 1 to 100 tokens; got 101$"):
        parse_tokens({"tokens": ",".join(names)})
