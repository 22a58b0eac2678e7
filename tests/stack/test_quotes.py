"""Prices in US dollars: what a preview says of Jupiter, and what config may say of it."""

import pytest

from components.settings.load import SettingsError, parse_settings
from tests.stack.recording import Deployment, deploy

KEY = "a-key-of-jupiter-0123456789"
SECRETS = {"HeliusApiKey": "a-helius-api-key"}


def lines(deployment: Deployment) -> list[str]:
    told = deployment.told.splitlines()
    return [line for line in told if line.startswith("Prices in US dollars:")]


def rate(deployment: Deployment) -> object:
    """How often the function may ask in a minute."""
    function = deployment.named("glow-quotes-function")
    return function.inputs["environment"]["variables"]["JUPITER_REQUESTS_PER_MINUTE"]


def test_without_a_key_jupiter_is_asked_at_half_the_rate_and_the_preview_says_so() -> None:
    deployment = deploy(config={"jupiterRequestsPerMinute": "40"})

    assert rate(deployment) == "20"
    (line,) = lines(deployment)
    assert "without a key, 20 times a minute at most instead of 40" in line
    assert 'pulumi config set --secret JupiterApiKey "<your Jupiter API key>"' in line


def test_with_a_key_jupiter_is_asked_at_the_whole_rate_and_the_preview_says_nothing_of_it() -> None:
    deployment = deploy(config={"jupiterRequestsPerMinute": "40", "JupiterApiKey": KEY})

    assert rate(deployment) == "40"
    assert lines(deployment) == []


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
