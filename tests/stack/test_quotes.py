"""Prices in US dollars: what a preview says of Jupiter, and what config may say of it."""

import pytest

from components.settings.load import SettingsError, parse_settings
from tests.stack.recording import deploy

KEY = "a-key-of-jupiter-0123456789"
SECRETS = {"HeliusApiKey": "a-helius-api-key"}


def lines(**config: str) -> list[str]:
    told = deploy(config=config).told.splitlines()
    return [line for line in told if line.startswith("Prices in US dollars:")]


def test_preview_without_a_key_says_that_jupiter_is_asked_at_half_the_rate() -> None:
    (line,) = lines(jupiterRequestsPerMinute="40")

    assert "without a key, 20 times a minute at most instead of 40" in line
    assert 'pulumi config set --secret JupiterApiKey "<your Jupiter API key>"' in line


def test_preview_with_a_key_says_nothing_of_it() -> None:
    assert lines(JupiterApiKey=KEY) == []


def test_stack_that_may_not_ask_jupiter_has_a_schedule_that_rests() -> None:
    deployment = deploy(config={"jupiterRequestsPerMinute": "0"})

    assert deployment.named("glow-quotes-schedule").inputs["state"] == "DISABLED"
    assert "none, because glow:jupiterRequestsPerMinute is 0" in deployment.told


@pytest.mark.parametrize(
    ("key", "value", "what", "command"),
    [
        ("jupiterRequestsPerMinute", "5", "must be 0 (off) or from 12 to 9000", "set"),
        ("solUsdMaxAgeSeconds", "179", "must be greater than or equal to 180", "set"),
        ("quietAfterSeconds", "59", "must be greater than or equal to 60", "set"),
        ("jupiterUrl", "http://api.jup.ag", "must be a bare origin", "set"),
        ("jupiterUrl", "https://api.jup.ag/price", "must be a bare origin", "set"),
        ("jupiterUrl", "http://localhost:1234", "where no Lambda function finds it", "rm"),
    ],
)
def test_wrong_value_stops_the_preview_with_the_command_that_mends_it(
    key: str, value: str, what: str, command: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_settings({**SECRETS, key: value}, secrets=SECRETS, stack="dev")

    assert what in str(refused.value)
    assert f"pulumi config {command}" in str(refused.value)
    assert key in str(refused.value)
