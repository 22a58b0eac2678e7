"""The keys under `routing`: what they may be, and the policy that they make."""

import json

import pytest

from components.settings.load import SettingsError, parse_settings
from components.settings.model import Settings
from functions.glow.routing.policy import Policy

REQUIRED = {"HeliusApiKey": "a-secret-of-helius-0123456789"}
TOKENS = {"BONK": "mint-of-bonk", "WIF": "mint-of-wif"}


def parse(routing: object, **values: str) -> Settings:
    return parse_settings(
        {**REQUIRED, "routing": json.dumps(routing), **values}, secrets=REQUIRED, stack="dev"
    )


def refusal(routing: object, **values: str) -> str:
    with pytest.raises(SettingsError) as refused:
        parse(routing, **values)
    return str(refused.value)


@pytest.mark.parametrize(
    ("routing", "key", "problem"),
    [
        ({"edgePercent": -1}, "edgePercent", "greater than or equal to 0"),
        ({"edgePercent": 101}, "edgePercent", "less than or equal to 100"),
        ({"edgePercent": 12.5}, "edgePercent", "valid integer"),
        ({"edgePercent": "half"}, "edgePercent", "valid integer"),
        ({"edgeTokens": "BONK"}, "edgeTokens", "must be a list"),
        ({"edgeTokens": ["no mint!"]}, "edgeTokens", "the token must be"),
        ({"edgeTokens": [7]}, "edgeTokens", "the token must be"),
        ({"edgeTokens": [f"mint{n}" for n in range(31)]}, "edgeTokens", "at most 30"),
        ({"awsRegions": "us-east-1"}, "awsRegions", "must be a list"),
        ({"awsRegions": ["virginia"]}, "awsRegions", "must be an AWS region such as us-east-1"),
        ({"awsRegions": [None]}, "awsRegions", "must be an AWS region such as us-east-1"),
        ({"dual": "both"}, "dual", "must be true or false"),
        ({"graceSeconds": 9}, "graceSeconds", "greater than or equal to 10"),
        ({"graceSeconds": 3601}, "graceSeconds", "less than or equal to 3600"),
    ],
)
def test_bad_value_is_named_with_its_remedy(
    routing: dict[str, object], key: str, problem: str
) -> None:
    _, where, command = refusal(routing).splitlines()

    assert where.startswith(f"glow:routing.{key} is ")
    assert problem in where
    assert command.strip().startswith("pulumi config set --path ")
    assert f"routing.{key}" in command
    assert command.endswith(" --stack dev")


@pytest.mark.parametrize("routing", [[], 7, "soon"], ids=str)
def test_routing_that_is_no_map_is_refused(routing: object) -> None:
    assert "must be a map of settings, set with --path" in refusal(routing)


def test_misspelt_key_is_refused_with_the_right_one() -> None:
    message = refusal({"edgePercentage": 10})

    assert (
        "glow:routing.edgePercentage is not a setting; did you mean glow:routing.edgePercent?"
        in (message)
    )
    assert "pulumi config rm --path glow:routing.edgePercentage --stack dev" in message


def test_symbol_that_the_stack_does_not_stream_is_refused_with_the_command() -> None:
    message = refusal({"edgeTokens": ["BONK", "WIFE"]}, tokens=json.dumps(TOKENS))

    assert message == (
        "Stack dev: 1 setting is wrong.\n"
        "glow:routing.edgeTokens names 'WIFE', which glow:tokens do not: this stack does not stream"
        " it.\n"
        "    pulumi config set --path 'routing.edgeTokens[0]' BONK --stack dev"
    )


def test_symbols_and_mints_name_the_same_tokens() -> None:
    settings = parse({"edgeTokens": ["BONK", "mint-of-wif"]}, tokens=json.dumps(TOKENS))

    assert settings.policy.edge_tokens == frozenset(TOKENS.values())


def test_without_tokens_any_mint_may_be_named() -> None:
    assert parse({"edgeTokens": ["mint-of-wif"]}).policy.edge_tokens == frozenset({"mint-of-wif"})


@pytest.mark.parametrize(
    ("routing", "percent"),
    [
        ({}, 100),
        ({"edgeTokens": ["mint-of-wif"]}, 0),
        ({"edgeTokens": ["mint-of-wif"], "edgePercent": 10}, 10),
        ({"edgePercent": 0}, 0),
        ({"awsRegions": ["us-east-1"]}, 100),
    ],
    ids=str,
)
def test_whole_stream_takes_the_edge_unless_a_part_of_it_is_named(
    routing: dict[str, object], percent: int
) -> None:
    assert parse(routing).policy.edge_percent == percent


def test_numbers_and_flags_may_be_texts() -> None:
    settings = parse({"edgePercent": "10", "dual": "true", "graceSeconds": "90"})

    assert settings.policy == Policy(edge_percent=10, is_dual=True)
    assert settings.routing.grace_seconds == 90
