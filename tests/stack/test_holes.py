"""The schedule by which holes are looked for."""

import json

import pytest

from tests.stack.recording import deploy

MINT = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
POOL = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
TOKENS = json.dumps({"USDC": MINT, "NAME": "a-name"})


@pytest.mark.parametrize(
    ("config", "rate", "state", "addresses"),
    [
        ({"tokens": TOKENS}, "rate(5 minutes)", "ENABLED", [MINT]),
        (
            {"tokens": TOKENS, "helius": json.dumps({"addresses": [POOL]})},
            "rate(5 minutes)",
            "ENABLED",
            [POOL],
        ),
        (
            {"tokens": TOKENS, "alarms": '{"holeCheckMinutes": 1}'},
            "rate(1 minute)",
            "ENABLED",
            [MINT],
        ),
        (
            {"tokens": TOKENS, "alarms": '{"holeCheckMinutes": 0}'},
            "rate(1 minute)",
            "DISABLED",
            [MINT],
        ),
        ({}, "rate(5 minutes)", "DISABLED", []),
        ({"tokens": '{"NAME": "a-name"}'}, "rate(5 minutes)", "DISABLED", []),
    ],
)
def test_node_is_asked_about_accounts_that_it_knows_as_often_as_config_says(
    config: dict[str, str], rate: str, state: str, addresses: list[str]
) -> None:
    deployment = deploy(config=config)
    schedule = deployment.named("glow-holes-schedule").inputs
    archive = deployment.named("glow-holes-function").inputs["code"]

    assert (schedule["scheduleExpression"], schedule["state"]) == (rate, state)
    assert json.loads(archive.read("functions/lists.json"))["addresses"] == addresses
