"""What a client may say, and what it is told when it says something else."""

import json
from pathlib import Path

import pytest

from functions.glow.errors import Refused
from functions.glow.prices.replay import Gap
from functions.glow.sockets import messages
from functions.glow.sockets.commands import Ping, Subscribe, Unsubscribe, parse_command

CONTRACT = json.loads((Path(__file__).parent.parent / "contract" / "messages.json").read_text())
EXAMPLES = {entry["name"]: entry["message"] for entry in CONTRACT["messages"]}
ID = "1750000000-000300000000-abc"


def test_commands_of_the_contract_are_understood() -> None:
    parsed = [
        parse_command(json.dumps(EXAMPLES[name]))
        for name in ("subscribe", "unsubscribe", "ping, aws")
    ]

    assert parsed == [Subscribe("SOL", ID, "latest"), Unsubscribe("SOL"), Ping()]


def test_answers_are_those_of_the_contract() -> None:
    error = EXAMPLES["error"]
    said = {
        "pong": messages.pong(),
        "subscribed": messages.subscribed("SOL"),
        "unsubscribed": messages.unsubscribed("SOL"),
        "gap": messages.gap("SOL", Gap(ID, "1750000001-000300000002-def")),
        "error": messages.error(error["code"], error["message"]),
    }

    assert {name: json.loads(text) for name, text in said.items()} == {
        name: EXAMPLES[name] for name in said
    }


@pytest.mark.parametrize(
    ("message", "code", "named"),
    [
        ("", "BAD_REQUEST", "JSON"),
        ("hello", "BAD_REQUEST", "JSON"),
        ("[]", "BAD_REQUEST", "object"),
        ('"ping"', "BAD_REQUEST", "object"),
        ("[" * 4000, "BAD_REQUEST", "message"),
        ("x" * (CONTRACT["maxCommandBytes"] + 1), "BAD_REQUEST", "16384 bytes"),
        ("{}", "UNKNOWN_ACTION", "subscribePrice"),
        ('{"action":"buy"}', "UNKNOWN_ACTION", "subscribePrice"),
        ('{"action":["ping"]}', "UNKNOWN_ACTION", "subscribePrice"),
        ('{"action":"subscribePrice"}', "BAD_REQUEST", "token"),
        ('{"action":"subscribePrice","token":"a b"}', "BAD_REQUEST", "token"),
        ('{"action":"unsubscribePrice","token":7}', "BAD_REQUEST", "token"),
        ('{"action":"subscribePrice","token":"A","after":"x"}', "BAD_REQUEST", "after"),
        ('{"action":"subscribePrice","token":"A","after":7}', "BAD_REQUEST", "after"),
        ('{"action":"subscribePrice","token":"A","delivery":"all"}', "BAD_REQUEST", "delivery"),
        ('{"action":"subscribePrice","token":"A","delivery":{}}', "BAD_REQUEST", "delivery"),
    ],
)
def test_wrong_message_is_refused_by_code_and_field(message: str, code: str, named: str) -> None:
    with pytest.raises(Refused, match=named) as refused:
        parse_command(message)

    assert refused.value.code == code
