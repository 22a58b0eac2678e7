"""What a preview says of routing, word for word."""

import json

from components.routing.report import route_report
from functions.glow.routing.policy import Policy
from tests.stack.recording import EDGE, deploy

# By their hash, BONK is among the first 50 % of all tokens and WIF is not.
TOKENS = {"BONK": "mint-of-bonk", "WIF": "mint-of-wif"}
COST = (
    "Where both paths carry a token, SQS takes up to $1.50 more per million trades and API Gateway"
    " $1.00 per million deliveries to its clients; BroadcastWorker's Lambda time comes on top."
)


def test_without_tokens_it_says_what_holds_for_each_that_is_traded() -> None:
    assert route_report(Policy(edge_is_on=True), before=None, tokens={}) == (
        "Routing: edge for 100 % of all tokens.\n"
        "No tokens are configured: every token that is traded follows this."
    )


def test_without_the_flag_everything_goes_to_aws() -> None:
    policy = Policy(edge_percent=50, aws_regions=frozenset({"us-east-1"}), is_dual=True)

    assert route_report(policy, before=policy.to_json(), tokens=TOKENS) == (
        "Routing: aws for every token (USE_EDGE_BROADCAST is false).\n  BONK  aws\n  WIF   aws"
    )


def test_token_that_moves_is_marked() -> None:
    half = Policy(edge_is_on=True, edge_percent=50)

    assert route_report(half, before=Policy().to_json(), tokens=TOKENS) == (
        "Routing: edge for 50 % of all tokens.\n"
        "Before:  aws for every token (USE_EDGE_BROADCAST is false).\n"
        "  BONK  edge      moves from aws to edge\n"
        "  WIF   aws"
    )


def test_both_paths_of_a_region_are_shown_with_what_they_cost() -> None:
    policy = Policy(
        edge_is_on=True,
        edge_percent=0,
        edge_tokens=frozenset({"mint-of-wif"}),
        aws_regions=frozenset({"us-east-1", "eu-west-1"}),
    )

    assert route_report(policy, before=None, tokens=TOKENS) == (
        "Routing: edge for 0 % of all tokens, and for mint-of-wif,"
        " aws for clients in eu-west-1, us-east-1.\n"
        "  BONK  aws\n"
        "  WIF   aws+edge\n"
        f"{COST}"
    )


def test_dual_publishes_each_token_twice_and_says_what_that_costs() -> None:
    policy = Policy(edge_is_on=True, edge_percent=50, is_dual=True)

    assert route_report(policy, before=None, tokens=TOKENS) == (
        f"Routing: edge for 50 % of all tokens, dual.\n  BONK  aws+edge\n  WIF   aws+edge\n{COST}"
    )


def test_preview_compares_with_what_the_last_up_left() -> None:
    tokens = {"tokens": json.dumps(TOKENS)}
    before = deploy(config={**EDGE, **tokens})

    told = deploy(
        config={**EDGE, **tokens, "USE_EDGE_BROADCAST": "true"}, last_outputs=before.outputs
    ).told

    assert before.told.splitlines()[0] == (
        "Routing: aws for every token (USE_EDGE_BROADCAST is false)."
    )
    assert "  WIF   edge      moves from aws to edge" in told.splitlines()


def test_stack_that_never_knew_of_routing_moves_nothing_by_the_report() -> None:
    assert "moves" not in deploy(last_outputs={"RestApiUrl": "https://api.example"}).told
