"""docs/openapi.yaml and docs/openapi-edge.yaml against the code and the golden files.

Whether the APIs really answer so is tested on deployed stacks, in tests/local/.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast, get_args

import jsonschema_rs
import pytest

from functions.glow.candles.intervals import INTERVALS
from functions.glow.fields import DIGITS_PATTERN
from functions.glow.paths import PATHS
from functions.glow.prices.span import RANGE_PATTERN
from functions.glow.routing.discovery import (
    AWS_MAX_AGE_MS,
    AWS_PING_MS,
    EDGE_PING_MS,
    RECHECK_MS,
    UNTOLD_RECHECK_MS,
)
from functions.glow.routing.policy import REGION_PATTERN
from functions.glow.routing.token_pages import CURSOR_PATTERN
from functions.glow.token import SIGNATURE_PATTERN, TOKEN_PATTERN
from functions.glow.trades.parse import parse_webhook
from functions.glow.trades.skip import SkipReason
from functions.glow.update import ID_PATTERN, MAX_PRICE, MAX_SLOT, MAX_TIMESTAMP, MIN_PRICE
from tests.api.descriptions import (
    EDGE,
    REST,
    ROOT,
    Json,
    objects_in,
    read_description,
    read_golden,
    validator_of,
)

NAMES = ("openapi", "openapi-edge")
DESCRIPTIONS = {name: read_description(name) for name in NAMES}
SCHEMAS = {name: DESCRIPTIONS[name]["components"]["schemas"] for name in NAMES}
SIMPLE, WEBHOOK = read_golden("simple"), read_golden("webhook")
MOVES, UPDATE, CONNECT = read_golden("moves"), read_golden("update"), read_golden("connect")


def validator(name: str, schema: Json) -> jsonschema_rs.Validator:
    return validator_of(schema, DESCRIPTIONS[name], "https://json-schema.org/draft/2020-12/schema")


def operations(name: str) -> dict[str, Json]:
    """Method and path, such as `GET /health` → the operation."""
    return {
        f"{method.upper()} {path}": operation
        for path, item in DESCRIPTIONS[name]["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def body_of(name: str, operation: str) -> Json:
    """The schema and the examples of the request's body."""
    return operations(name)[operation]["requestBody"]["content"]["application/json"]


def refusals(name: str) -> set[tuple[int, str]]:
    """Status and code of each described error."""
    shared = DESCRIPTIONS[name]["components"]["responses"]
    return {
        (int(status), code)
        for operation in operations(name).values()
        for status, response in operation["responses"].items()
        if int(status) >= 400
        for node in objects_in(
            shared[response["$ref"].split("/")[-1]] if "$ref" in response else response
        )
        for code in codes_in(node)
    }


def codes_in(node: Json) -> list[str]:
    code = node.get("code")
    if not isinstance(code, dict):
        return []
    schema = cast("Json", code)
    return schema.get("enum") or [schema["const"]]


def examples_in(node: Json) -> Iterator[tuple[Json, Any]]:
    """Each example in a part of a description, with its schema."""
    examples = node.get("examples", {})
    if isinstance(examples, list):
        for example in cast("list[Any]", examples):
            yield node, example
    elif "schema" in node:
        if "example" in node:
            yield node["schema"], node["example"]
        for example in cast("Json", examples).values():
            yield node["schema"], example["value"]


@pytest.mark.parametrize("api", [REST, EDGE], ids=NAMES)
def test_description_is_valid_openapi(api: Any) -> None:
    api.validate()


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_as_described(name: str) -> None:
    examples = [pair for node in objects_in(DESCRIPTIONS[name]) for pair in examples_in(node)]

    assert examples
    for schema, example in examples:
        validator(name, schema).validate(example)


@pytest.mark.parametrize("name", NAMES)
def test_patterns_and_bounds_are_those_of_the_code(name: str) -> None:
    nodes = list(objects_in(DESCRIPTIONS[name]))
    patterns = {node["pattern"] for node in nodes if isinstance(node.get("pattern"), str)}
    maxima = {node["maximum"] for node in nodes if "maximum" in node}

    assert SCHEMAS[name]["Token"]["pattern"] == TOKEN_PATTERN
    assert SCHEMAS[name]["UpdateId"]["pattern"] == ID_PATTERN
    assert SIGNATURE_PATTERN in patterns
    assert maxima >= {MAX_TIMESTAMP, MAX_SLOT}


def test_what_only_rest_knows_is_that_of_the_code() -> None:
    schemas = SCHEMAS["openapi"]
    update, edge, aws = (
        schemas[name]["properties"] for name in ("Update", "ConnectEdge", "ConnectAws")
    )
    nodes = objects_in(DESCRIPTIONS["openapi"])
    patterns = {node["pattern"] for node in nodes if isinstance(node.get("pattern"), str)}

    assert patterns > {RANGE_PATTERN, DIGITS_PATTERN}
    assert schemas["Region"]["pattern"] == REGION_PATTERN
    assert schemas["TokenCursor"]["pattern"] == CURSOR_PATTERN
    assert schemas["Interval"]["enum"] == list(INTERVALS)
    assert schemas["Path"]["enum"] == list(PATHS)
    assert schemas["Skip"]["properties"]["reason"]["enum"] == sorted(get_args(SkipReason))
    assert Decimal(str(update["price"]["minimum"])) == MIN_PRICE
    assert Decimal(str(update["price"]["maximum"])) == MAX_PRICE
    for each, ping_ms, max_age_ms in (
        (edge, EDGE_PING_MS, None),
        (aws, AWS_PING_MS, AWS_MAX_AGE_MS),
    ):
        for protocol in (each["protocol"], each["live"]["properties"]["protocol"]):
            assert protocol["properties"]["pingMs"]["const"] == ping_ms
            assert protocol["properties"]["maxAgeMs"].get("const") == max_age_ms
    assert aws["recheckMs"]["enum"] == [RECHECK_MS, None]
    assert edge["recheckMs"]["enum"] == [RECHECK_MS, UNTOLD_RECHECK_MS, None]


def test_refusals_of_rest_are_those_of_the_contract() -> None:
    all_there_are = {(error["status"], error["code"]) for error in WEBHOOK["errors"]}
    all_there_are.add((500, "INTERNAL"))
    no_route = {(404, "UNKNOWN_PATH")}

    assert refusals("openapi") | no_route == all_there_are
    assert set(codes_in(SCHEMAS["openapi"]["Error"]["properties"]["error"]["properties"])) == {
        code for _, code in all_there_are
    }


def test_refusals_of_the_edge_are_those_of_the_worker() -> None:
    source = (ROOT / "worker" / "errors.js").read_text()
    table = re.findall(r"^  ([A-Z_]+): (\d{3}),$", source, re.MULTILINE)
    no_route = {(404, "UNKNOWN_PATH"), (405, "WRONG_METHOD")}

    assert refusals("openapi-edge") | no_route == {(int(status), code) for code, status in table}
    error = SCHEMAS["openapi-edge"]["Error"]["properties"]["error"]
    assert codes_in(error["properties"]) == [code for code, _ in table]


def test_every_route_of_the_worker_is_described_and_no_other() -> None:
    source = (ROOT / "worker" / "index.js").read_text()
    table = re.findall(r'^  "(.+)": \{ methods: \[(.+)\], answer: (\w+)', source, re.MULTILINE)
    routes = {
        f"{method} {re.sub('/$', '/{token}', path)}"
        for path, methods, answer in table
        for method in re.findall(r"\w+", methods)
        if answer != "ofTestPage"  # the test page is not part of the API
    }

    assert operations("openapi-edge").keys() == routes


def test_bodies_of_the_webhook_are_those_of_the_contract() -> None:
    body = body_of("openapi", "POST /webhook/price")
    judge = validator("openapi", body["schema"])
    forms = [json.dumps(body["examples"][form]["value"]) for form in ("enhanced", "raw")]
    (enhanced,), (raw,) = (
        parse_webhook(form, x_token=None, tokens=frozenset(), now=2e9).updates for form in forms
    )

    assert body["examples"]["simple"]["value"] == SIMPLE["body"]
    assert enhanced.to_dict() in [example["update"] for example in UPDATE["examples"]]
    assert raw == enhanced
    for path in (ROOT / "tests" / "data" / "helius").glob("*.json"):
        judge.validate(json.loads(path.read_text()))


@pytest.mark.parametrize("case", SIMPLE["refused"], ids=lambda case: case["name"])
def test_simple_trade_that_the_contract_refuses_is_not_described(case: Json) -> None:
    # A body's schema cannot express the header, the stack's tokens or the current time.
    is_well_formed = case["names"] in {"x-token", "SOL"} or case["name"] == "61 s ahead"
    judge = validator("openapi", body_of("openapi", "POST /webhook/price")["schema"])

    assert judge.is_valid(SIMPLE["body"] | case["change"]) == is_well_formed


@pytest.mark.parametrize("example", CONNECT["routes"], ids=lambda example: example["name"])
def test_routes_are_as_described(example: Json) -> None:
    judge = validator("openapi", {"$ref": "#/components/schemas/Connect"})

    judge.validate(example["route"])
    for name in example["route"]:
        rest = {key: value for key, value in example["route"].items() if key != name}
        assert not judge.is_valid(rest), name


def test_bad_lists_of_tokens_are_not_described() -> None:
    (tokens,) = (
        parameter["schema"]
        for parameter in operations("openapi")["GET /connect"]["parameters"]
        if parameter.get("name") == "tokens"
    )
    judge = validator("openapi", tokens)

    judge.validate(CONNECT["many"]["tokens"].split(","))
    assert tokens["maxItems"] == CONNECT["maxTokens"]
    for case in CONNECT["refused"]:
        assert not judge.is_valid((case["tokens"] or "").split(",")), case["name"]


@pytest.mark.parametrize("route", ["census", "moves"])
def test_what_the_mover_posts_is_that_of_the_contract(route: str) -> None:
    judge = validator("openapi-edge", body_of("openapi-edge", f"POST /{route}")["schema"])

    for body in MOVES[route]["bodies"].values():
        judge.validate(body)
    for case in MOVES[route]["refused"]:
        changed = MOVES[route]["bodies"][case["base"]] | case["change"]
        body = {key: value for key, value in changed.items() if value is not None}
        assert not judge.is_valid(body), case["name"]


def test_answers_are_those_of_the_contract() -> None:
    accepted = operations("openapi")["POST /webhook/price"]["responses"]["200"]
    done = DESCRIPTIONS["openapi-edge"]["components"]["responses"]["Connections"]
    refused = DESCRIPTIONS["openapi"]["components"]["responses"]["BadRequest"]
    many = operations("openapi")["GET /connect"]["responses"]["200"]

    for response, example in (
        (accepted, WEBHOOK["accepted"]),
        (done, MOVES["answer"]),
        (refused, WEBHOOK["error"]),
        (many, CONNECT["many"]["answer"]),
    ):
        assert response["content"]["application/json"]["example"] == example
