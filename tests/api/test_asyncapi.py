"""docs/asyncapi.yaml against AsyncAPI's own schema, the code and the golden files.

Whether the sockets really send these messages is tested on deployed stacks: wire.py checks each one.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import jsonschema_rs
import pytest

from functions.glow.sockets.frames import MAX_FRAME_UPDATES
from functions.glow.token import SIGNATURE_PATTERN, TOKEN_PATTERN
from functions.glow.update import ID_PATTERN
from tests.api.descriptions import (
    ROOT,
    SOCKETS,
    Channel,
    Json,
    assert_message_is_described,
    objects_in,
    read_golden,
)

ALL: Final[tuple[Channel, ...]] = ("live", "hub", "room")
CHANNELS: Final[dict[str, tuple[Channel, ...]]] = {
    "many": ("live", "hub"),
    "edge": ("hub", "room"),
    "all": ALL,
}

MESSAGES, MOVES = read_golden("messages"), read_golden("moves")
UPDATE, FRAMES = read_golden("update"), read_golden("frames")


def golden_messages() -> Iterator[tuple[Channel, Json]]:
    """Each message of the golden files, once for each channel on which it is sent."""
    for each in MESSAGES["messages"]:
        for channel in CHANNELS[each["sockets"]]:
            yield channel, each["message"]
    moved = [each["message"] for each in MOVES["moved"]]
    updates = [each["update"] for each in UPDATE["examples"]]
    frames = [frame for each in FRAMES["examples"] for frame in each["frames"]]
    for message in [*moved, *updates, *frames]:
        for channel in ALL:
            yield channel, message


def at(pointer: str) -> Any:
    """The part of the description at a JSON pointer such as `#/channels/live`."""
    node: Any = SOCKETS
    for key in pointer.removeprefix("#/").split("/"):
        node = node[key]
    return node


def test_description_is_valid_asyncapi() -> None:
    schema = ROOT / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"

    jsonschema_rs.validator_for(json.loads(schema.read_text())).validate(SOCKETS)
    for node in objects_in(SOCKETS):
        assert "$ref" not in node or at(node["$ref"])


@pytest.mark.parametrize("channel", ALL)
def test_payloads_are_schemas_and_their_examples_hold(channel: Channel) -> None:
    for reference in at(f"#/channels/{channel}/messages").values():
        message = at(reference["$ref"])
        assert jsonschema_rs.meta.is_valid(message["payload"])
        for example in message.get("examples", []):
            assert_message_is_described(channel, example["payload"])


def test_every_message_of_the_contract_is_described_and_no_other() -> None:
    seen: dict[Channel, set[str]] = {channel: set() for channel in ALL}
    for channel, message in golden_messages():
        assert_message_is_described(channel, message)
        seen[channel].add(message.get("action") or message["type"])

    for channel, kinds in seen.items():
        assert kinds == set(at(f"#/channels/{channel}/messages"))


@pytest.mark.parametrize("channel", ALL)
def test_what_the_contract_rejects_is_not_described(channel: Channel) -> None:
    good = UPDATE["examples"][-1]["update"]
    for rejected in UPDATE["rejected"]:
        if rejected["field"] == "id":
            continue  # the id does not fit the other fields, which a schema cannot express
        with pytest.raises((AssertionError, jsonschema_rs.ValidationError)):
            assert_message_is_described(channel, good | rejected["change"])


def test_a_field_that_is_not_described_is_noticed() -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        assert_message_is_described("live", {"type": "pong", "extra": 1})


def test_every_message_belongs_to_an_operation() -> None:
    used = {
        reference["$ref"]
        for operation in SOCKETS["operations"].values()
        for reference in [*operation["messages"], *operation.get("reply", {}).get("messages", [])]
    }

    assert used == {
        f"#/channels/{channel}/messages/{kind}"
        for channel in ALL
        for kind in at(f"#/channels/{channel}/messages")
    }


def test_patterns_and_bounds_are_those_of_the_code() -> None:
    schemas = SOCKETS["components"]["schemas"]

    assert schemas["token"]["pattern"] == TOKEN_PATTERN
    assert f"`{TOKEN_PATTERN}`" in at("#/channels/room/parameters/token/description")
    assert schemas["updateId"]["pattern"] == ID_PATTERN
    for name in ("update", "updateEdge"):
        assert schemas[name]["properties"]["txSignature"]["pattern"] == SIGNATURE_PATTERN
    for name in ("priceBatch", "priceBatchEdge"):
        batch = at(f"#/components/messages/{name}/payload/properties/updates")
        assert batch["maxItems"] == MAX_FRAME_UPDATES


def test_codes_are_those_of_the_contract() -> None:
    errors = at("#/components/messages/error/payload/properties/code/enum")

    assert errors == MESSAGES["errorCodes"]
    described = [
        *at("#/channels/room/x-close-codes"),
        *at("#/channels/hub/x-close-codes"),
    ]
    assert [each for each in MOVES["close"] if each in described] == MOVES["close"]
    assert all(each in MOVES["close"] for each in described)
