"""What a client may say, and what it is told when it says something else."""

import json
from pathlib import Path
from typing import Any

import pytest

from functions.glow.errors import Refused
from functions.glow.sockets.commands import (
    MAX_MESSAGE_BYTES,
    MAX_TOKENS,
    Authorize,
    Command,
    Ping,
    Subscribe,
    Unsubscribe,
    Wanted,
    parse_command,
)

CONTRACT = Path(__file__).parent.parent / "contract"
COMMANDS = json.loads((CONTRACT / "commands.json").read_text())
MESSAGES = json.loads((CONTRACT / "messages.json").read_text())


def understood(golden: dict[str, Any]) -> Command:
    """A command as the golden file writes it."""
    match golden:
        case {"authorize": access_token}:
            return Authorize(access_token)
        case {"subscribe": wanted, "isList": is_list}:
            return Subscribe(tuple(Wanted(**each) for each in wanted), is_list)
        case {"unsubscribe": tokens, "isList": is_list}:
            return Unsubscribe(tuple(tokens), is_list)
        case _:
            return Ping()


@pytest.mark.parametrize("case", COMMANDS["accepted"], ids=lambda case: case["name"])
def test_command_of_the_contract_is_understood(case: dict[str, Any]) -> None:
    assert parse_command(json.dumps(case["message"])) == understood(case["command"])


@pytest.mark.parametrize("case", COMMANDS["refused"], ids=lambda case: case["text"])
def test_wrong_message_is_refused_by_code_and_field(case: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        parse_command(case["text"])

    assert refused.value.code == case["code"]
    assert case["names"] in str(refused.value)


def test_bounds_are_those_of_the_contract() -> None:
    assert COMMANDS["maxTokens"] == MAX_TOKENS
    assert MESSAGES["maxCommandBytes"] == MAX_MESSAGE_BYTES


def test_as_many_of_the_longest_tokens_as_may_be_fit_a_message() -> None:
    longest = {"token": f"{'x' * 61}%03d", "after": f"{'9' * 10}-{'9' * 12}-{'z' * 16}"}
    entries = [{**longest, "token": longest["token"] % number} for number in range(MAX_TOKENS)]
    message = json.dumps(
        {"action": "subscribePrice", "subscriptions": entries}, separators=(",", ":")
    )

    command = parse_command(message)

    assert isinstance(command, Subscribe)
    assert len(command.wanted) == MAX_TOKENS


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("x" * (MAX_MESSAGE_BYTES + 1), f"{MAX_MESSAGE_BYTES} bytes"),
        ("[" * 4000, "the message"),
        (
            json.dumps({"action": "unsubscribePrice", "tokens": [f"T{n}" for n in range(101)]}),
            "1 to 100 entries; got 101",
        ),
    ],
)
def test_message_that_is_too_much_is_refused(message: str, named: str) -> None:
    with pytest.raises(Refused, match=named) as refused:
        parse_command(message)

    assert refused.value.code == "BAD_REQUEST"
