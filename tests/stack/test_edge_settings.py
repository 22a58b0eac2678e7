"""The keys under `edge` and beside it: what they may be, and what the worker is told."""

import json
import re
from collections.abc import Mapping
from contextlib import nullcontext

import pulumi
import pytest

from components.settings.load import SettingsError, parse_settings
from components.settings.model import Settings
from tests.stack.test_settings import REQUIRED, parse, refusal, secret_keys

EDGE = {"accountId": "a" * 32, "zoneId": "b" * 32, "hostname": "edge.example.com"}
EDGE_SECRET = {"EdgeBroadcastSecret": "what-the-edge-worker-expects"}


def edge_variables(
    settings: Settings, stack: str, *, aws_region: str = "eu-central-1"
) -> Mapping[str, pulumi.Input[str]]:
    return settings.edge_variables(
        stack,
        aws_region=aws_region,
        rest_url="https://api.example",
        websocket_url="wss://ws.example/live",
        listeners={},
    )


def edge_refusal(edge: object) -> str:
    return refusal(**EDGE_SECRET, edge=json.dumps(edge))


def without(key: str) -> dict[str, str]:
    return {name: value for name, value in EDGE.items() if name != key}


BAD_EDGES = [
    ({**EDGE, "accountId": "me"}, "accountId", "is 'me': must be an id of Cloudflare"),
    ({**EDGE, "zoneId": "example.com"}, "zoneId", "must be an id of Cloudflare"),
    ({**EDGE, "hostname": "https://edge.example.com"}, "hostname", "must be a hostname"),
    ({**EDGE, "hostname": "localhost"}, "hostname", "must be a hostname"),
    ({**EDGE, "route": "maybe"}, "route", "must be true or false"),
    ({**EDGE, "windowMs": -1}, "windowMs", "greater than or equal to 0"),
    ({**EDGE, "windowMs": "soon"}, "windowMs", "valid integer"),
    ({**EDGE, "maxBufferedBytes": 1000}, "maxBufferedBytes", "greater than or equal to 65536"),
    ({**EDGE, "maxConnectionsPerRoom": 32_768}, "maxConnectionsPerRoom", "less than or equal"),
    ({**EDGE, "connectsPerMinute": 0}, "connectsPerMinute", "greater than or equal to 1"),
    ({**EDGE, "testPage": 7}, "testPage", "must be true or false"),
    (without("accountId"), "accountId", "is not set"),
    (without("zoneId"), "zoneId", "is not set, but edge.hostname is"),
    (without("hostname"), "hostname", "nor is edge.workersDevSubdomain"),
]


@pytest.mark.parametrize(("edge", "key", "problem"), BAD_EDGES)
def test_bad_edge_is_named_with_its_remedy(edge: object, key: str, problem: str) -> None:
    _, where, command = edge_refusal(edge).splitlines()

    assert where.startswith(f"glow:edge.{key} is ")
    assert problem in where
    assert re.match(rf"    pulumi config set (--plaintext )?--path edge\.{key} ", command)


@pytest.mark.parametrize(
    ("edge", "key", "problem"),
    [
        (
            {**EDGE, "workersDevSubdomain": "glow"},
            "workersDevSubdomain",
            "is set beside edge.hostname",
        ),
        (
            {"accountId": "a" * 32, "workersDevSubdomain": "glow", "route": True},
            "route",
            "is true, but edge.hostname is not set",
        ),
    ],
)
def test_key_of_edge_that_is_too_much_is_removed(edge: object, key: str, problem: str) -> None:
    _, where, command = edge_refusal(edge).splitlines()

    assert where.startswith(f"glow:edge.{key} {problem}")
    assert command == f"    pulumi config rm --path glow:edge.{key} --stack dev"


def test_edge_without_an_address_and_zone_is_told_of_both() -> None:
    _, _, hostname, zone = edge_refusal({"accountId": "a" * 32}).splitlines()

    assert "edge.hostname" in hostname
    assert "edge.zoneId" in zone


def test_misspelt_key_of_edge_is_refused_with_the_right_one() -> None:
    message = edge_refusal({**EDGE, "windowMS": 50})

    assert "glow:edge.windowMS is not a setting; did you mean glow:edge.windowMs?" in message
    assert "pulumi config rm --path glow:edge.windowMS --stack dev" in message


@pytest.mark.parametrize("edge", ["soon", "[]", "7"])
def test_edge_that_is_no_map_is_refused(edge: str) -> None:
    assert "must be a map of settings, set with --path" in refusal(**EDGE_SECRET, edge=edge)


def test_numbers_and_flags_of_edge_may_be_texts() -> None:
    settings = parse(**EDGE_SECRET, edge=json.dumps({**EDGE, "windowMs": "0", "route": "true"}))

    assert settings.edge is not None
    assert (settings.edge.window_ms, settings.edge.route) == (0, True)


def test_flag_without_edge_and_secret_is_refused_with_both_remedies() -> None:
    message = refusal(USE_EDGE_BROADCAST="true")

    assert "glow:edge is not set, but glow:USE_EDGE_BROADCAST is true" in message
    assert 'set --plaintext --path edge.accountId "<your Cloudflare account id>"' in message
    assert 'set --plaintext --path edge.workersDevSubdomain "<the subdomain of your' in message
    assert "glow:EdgeBroadcastSecret is not set, but glow:USE_EDGE_BROADCAST is true" in message
    assert 'pulumi config set --secret EdgeBroadcastSecret "$(openssl rand -base64 32)"' in message


def test_worker_without_a_secret_is_refused_before_the_flag_is_on() -> None:
    message = refusal(edge=json.dumps(EDGE))

    assert "glow:EdgeBroadcastSecret is not set, but glow:edge is" in message


def test_flag_needs_no_worker_of_ours_when_the_url_is_given() -> None:
    settings = parse(
        USE_EDGE_BROADCAST="true", EdgeBroadcastUrl="https://edge.example.com", **EDGE_SECRET
    )

    assert settings.edge_origin("glow-broadcast-dev") == "https://edge.example.com"


@pytest.mark.parametrize(("stack", "is_taken"), [("local", True), ("dev", False), ("prod", False)])
def test_edge_without_tls_is_for_the_local_stack(stack: str, is_taken: bool) -> None:
    values = {**REQUIRED, "EdgeBroadcastUrl": "http://127.0.0.1:8787"}
    with (
        nullcontext() if is_taken else pytest.raises(SettingsError, match="EdgeBroadcastUrl is on")
    ):
        parse_settings(values, secrets=secret_keys(values), stack=stack)


@pytest.mark.parametrize(
    ("stack", "edge", "is_shown"),
    [
        ("dev", {}, "true"),
        ("local", {}, "true"),
        ("prod", {}, "false"),
        ("prod", {"testPage": True}, "true"),
        ("dev", {"testPage": False}, "false"),
    ],
)
def test_test_page_is_shown_where_it_helps(
    stack: str, edge: dict[str, bool], is_shown: str
) -> None:
    settings = parse(**EDGE_SECRET, edge=json.dumps({**EDGE, **edge}))

    told = edge_variables(settings, stack)

    assert told["TEST_PAGE"] == is_shown
    assert ("WEBSOCKET_URL" in told) == (is_shown == "true")
    assert "REST_API_URL" in told  # the rooms read there what they have missed


@pytest.mark.parametrize(
    ("aws_region", "edge", "hint"),
    [
        ("us-east-1", {}, "enam"),
        ("us-west-2", {}, "wnam"),
        ("eu-central-1", {}, "weur"),
        ("ap-northeast-1", {}, "apac"),
        ("ap-southeast-2", {}, "oc"),
        ("us-east-1", {"region": "apac"}, "apac"),
        ("", {}, None),
    ],
)
def test_rooms_are_made_near_the_functions_unless_config_says_where(
    aws_region: str, edge: dict[str, str], hint: str | None
) -> None:
    settings = parse(**EDGE_SECRET, edge=json.dumps({**EDGE, **edge}))

    told = edge_variables(settings, "dev", aws_region=aws_region)

    assert told.get("LOCATION_HINT") == hint


@pytest.mark.parametrize(
    ("everywhere", "at_the_edge", "required"),
    [("true", {}, "true"), ("false", {}, "false"), ("false", {"requireOrigin": True}, "true")],
)
def test_origin_rule_of_the_edge_is_that_of_the_stack_unless_it_says_so(
    everywhere: str, at_the_edge: dict[str, bool], required: str
) -> None:
    settings = parse(
        **EDGE_SECRET,
        edge=json.dumps({**EDGE, **at_the_edge}),
        requireOrigin=everywhere,
        allowedOrigins='["https://app.example.com"]',
    )

    assert edge_variables(settings, "dev")["REQUIRE_ORIGIN"] == required


def test_edge_that_requires_an_origin_without_any_listed_is_refused() -> None:
    message = edge_refusal({**EDGE, "requireOrigin": True})

    assert "glow:allowedOrigins is empty, but glow:edge.requireOrigin is true" in message
