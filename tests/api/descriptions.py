"""The API descriptions in docs/, and checks that an API's messages match them."""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, cast

import httpx
import jsonschema_rs
import schemathesis
import yaml
from hypothesis import settings

ROOT: Final = Path(__file__).parents[2]

Json = dict[str, Any]  # a description or a message, unparsed
Channel = Literal["live", "hub", "room"]
Dialect = Literal[
    "http://json-schema.org/draft-07/schema#",  # AsyncAPI 3.0's
    "https://json-schema.org/draft/2020-12/schema",  # OpenAPI 3.1's
]


def _path(name: str) -> Path:
    return ROOT / "docs" / f"{name}.yaml"


def read_description(name: str) -> Json:
    """`docs/<name>.yaml`."""
    return yaml.safe_load(_path(name).read_text())


def read_golden(name: str) -> Json:
    """`tests/contract/<name>.json`."""
    return json.loads((ROOT / "tests" / "contract" / f"{name}.json").read_text())


_schemathesis: Final = cast("Any", schemathesis)  # its types are incomplete

REST: Final = _schemathesis.openapi.from_path(_path("openapi"))
EDGE: Final = _schemathesis.openapi.from_path(_path("openapi-edge"))
SOCKETS: Final = read_description("asyncapi")

# For tests with `@REST.parametrize()`. schemathesis derives requests from the description, and adds
# this many random ones for each operation. They are the same in each run.
MADE_UP: Final = settings(max_examples=25, deadline=None, derandomize=True, database=None)


def assert_made_up_case_is_answered_as_described(
    case: Any, url: str, key: str, *, without: Iterable[str]
) -> None:
    """Send a request that schemathesis made up, good or bad, with the bearer `key`.

    `without` names the checks of schemathesis that do not apply.
    """
    ignored = ["negative_data_rejection"] if _has_unknown_parameter(case) else []
    excluded = _schemathesis.checks.CHECKS.get_by_names([*without, *ignored])
    bearer = {"Authorization": f"Bearer {key}"}
    case.call_and_validate(base_url=url, headers=bearer, excluded_checks=excluded)


def _has_unknown_parameter(case: Any) -> bool:
    """The APIs ignore a query parameter that they do not know. schemathesis adds one now and then: what it
    makes up depends on which modules are loaded."""
    return not {*(case.query or {})} <= {each.name for each in case.operation.query}


def assert_answer_is_described(api: Any, response: httpx.Response, path: str) -> None:
    """The called operation describes this status and body; `path` is relative to the API's URL."""
    method = response.request.method
    operation = api.find_operation_by_path(method, path.partition("?")[0])
    assert operation is not None, f"{method} {path} is not described"
    statuses = operation.responses.status_codes
    assert str(response.status_code) in statuses, f"{response.status_code} is not in {statuses}"
    operation.validate_response(response)


def assert_message_is_described(channel: Channel, message: Json) -> None:
    """The channel describes this message and all its fields."""
    kind = message.get("action") or message["type"]
    assert kind in SOCKETS["channels"][channel]["messages"], f"{channel} has no message {kind}"
    _message_validator(channel, kind).validate(message)


@cache
def _message_validator(channel: Channel, kind: str) -> jsonschema_rs.Validator:
    reference = SOCKETS["channels"][channel]["messages"][kind]["$ref"]
    dialect = "http://json-schema.org/draft-07/schema#"
    return validator_of({"$ref": f"{reference}/payload"}, _closed(SOCKETS), dialect)


def validator_of(schema: Json, description: Json, dialect: Dialect) -> jsonschema_rs.Validator:
    """A validator for `schema`; its references point to the components of `description`."""
    whole = {"$schema": dialect, "components": description["components"], "allOf": [schema]}
    return jsonschema_rs.validator_for(whole, validate_formats=True)


def objects_in(node: Any) -> Iterator[Json]:
    """Every object in a part of a description."""
    if isinstance(node, list):
        for item in cast("list[Any]", node):
            yield from objects_in(item)
    elif isinstance(node, dict):
        fields = cast("Json", node)
        yield fields
        for value in fields.values():
            yield from objects_in(value)


def _closed(node: Any) -> Any:
    """The schema `node` with `additionalProperties: false` for every object.

    The descriptions themselves allow more fields, because clients must accept new ones.
    """
    if isinstance(node, list):
        return [_closed(item) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    fields = {key: _closed(value) for key, value in cast("Json", node).items()}
    is_object = fields.get("type") == "object" and "properties" in fields
    return {**fields, "additionalProperties": False} if is_object else fields
