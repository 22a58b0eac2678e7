"""The keys under `routing`: what they may be, and the policy that they make."""

import json
import re

import pytest

from components.settings.load import SettingsError, parse_settings
from components.settings.model import Settings
from functions.glow.routing.policy import Policy

REQUIRED = {"HeliusApiKey": "a-secret-of-helius-0123456789"}
WIF = "EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm"
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
        ({"edgeTokens": ["no mint!"]}, "edgeTokens[0]", "must be a mint, 32 to 44 characters"),
        ({"edgeTokens": [7]}, "edgeTokens[0]", "must be a mint, 32 to 44 characters"),
        ({"edgeTokens": [WIF, "WIF"]}, "edgeTokens[1]", "must be a mint, 32 to 44 characters"),
        ({"edgeTokens": [f"{WIF}l"]}, "edgeTokens[0]", "must be a mint, 32 to 44 characters"),
        ({"awsRegions": ["us-east-1", "virginia"]}, "awsRegions[1]", "must be an AWS region"),
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
    assert re.match(
        rf"    pulumi config set (--plaintext )?--path '?routing\.{re.escape(key)}", command
    )
    assert command.endswith(" --stack dev")


@pytest.mark.parametrize("key", ["edgeTokens", "awsRegions"])
def test_text_in_place_of_a_list_is_removed_before_an_entry_is_set(key: str) -> None:
    _, where, remove, put = refusal({key: "us-east-1"}).splitlines()

    assert where.startswith(f"glow:routing.{key} is 'us-east-1': must be a list")
    assert remove == f"    pulumi config rm --path glow:routing.{key} --stack dev"
    assert put.startswith(f"    pulumi config set --plaintext --path 'routing.{key}[0]' ")


def test_each_token_that_is_too_much_is_removed_from_the_end() -> None:
    _, where, *commands = refusal({"edgeTokens": [WIF] * 32}).splitlines()

    assert where.startswith("glow:routing.edgeTokens has 32 entries; at most 30 fit")
    assert [command.split("'")[1] for command in commands] == [
        "glow:routing.edgeTokens[31]",
        "glow:routing.edgeTokens[30]",
    ]


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
        "glow:routing.edgeTokens[1] is 'WIFE', which is not in glow:tokens: this stack does not"
        " stream it.\n"
        "    pulumi config set --plaintext --path 'routing.edgeTokens[1]' WIF --stack dev"
    )


def test_tokens_like_no_symbol_are_removed_from_the_end() -> None:
    message = refusal({"edgeTokens": ["CAT", "WIF", "DOG"]}, tokens=json.dumps(TOKENS))

    assert message.splitlines()[2::2] == [
        "    pulumi config rm --path 'glow:routing.edgeTokens[2]' --stack dev",
        "    pulumi config rm --path 'glow:routing.edgeTokens[0]' --stack dev",
    ]


def test_symbols_and_mints_name_the_same_tokens() -> None:
    settings = parse({"edgeTokens": ["BONK", "mint-of-wif"]}, tokens=json.dumps(TOKENS))

    assert settings.policy.edge_tokens == frozenset(TOKENS.values())


def test_without_tokens_any_mint_may_be_named() -> None:
    assert parse({"edgeTokens": [WIF]}).policy.edge_tokens == frozenset({WIF})


@pytest.mark.parametrize(
    ("routing", "percent"),
    [
        ({}, 100),
        ({"edgeTokens": [WIF]}, 0),
        ({"edgeTokens": [WIF], "edgePercent": 10}, 10),
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
