"""The policy: stable, and no client is sent where nothing is published."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.glow.errors import BadRequest
from functions.glow.routing.policy import Policy, parse_policy, parse_region
from functions.glow.token import PROBE_TOKEN

TOKENS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
REGIONS = st.sampled_from(["us-east-1", "eu-west-1", "ap-southeast-2"])
POLICIES = st.builds(
    Policy,
    edge_is_on=st.booleans(),
    edge_tokens=st.frozensets(TOKENS, max_size=3),
    edge_percent=st.integers(0, 100),
    aws_regions=st.frozensets(REGIONS, max_size=2),
    is_dual=st.booleans(),
)


@given(POLICIES, TOKENS, st.none() | REGIONS)
def test_who_asks_is_never_sent_where_nothing_is_published(
    policy: Policy, token: str, region: str | None
) -> None:
    assert policy.path(token, region) in policy.paths(token)


@given(POLICIES, POLICIES, TOKENS, st.none() | REGIONS)
def test_change_that_brings_a_token_or_a_client_to_the_edge_needs_it(
    before: Policy, after: Policy, token: str, region: str | None
) -> None:
    brings_token = "edge" in after.paths(token) - before.paths(token)
    brings_client = (before.path(token, region), after.path(token, region)) == ("aws", "edge")

    if brings_token or brings_client:
        assert after.takes_to_edge(before)
    assert not after.takes_to_edge(after)


@given(POLICIES, TOKENS)
def test_policy_is_the_same_after_it_was_written_down(policy: Policy, token: str) -> None:
    read = parse_policy(policy.to_json())

    assert read == policy
    assert read.to_json() == policy.to_json()
    assert read.paths(token) == policy.paths(token)


@given(TOKENS, st.integers(0, 100), st.integers(0, 100))
def test_percentage_that_grows_only_adds_tokens(token: str, one: int, other: int) -> None:
    smaller, larger = sorted([one, other])

    if Policy(edge_is_on=True, edge_percent=smaller).path(token) == "edge":
        assert Policy(edge_is_on=True, edge_percent=larger).path(token) == "edge"


def test_percentage_takes_about_as_many_tokens() -> None:
    policy = Policy(edge_is_on=True, edge_percent=10)

    chosen = sum(policy.path(f"TOKEN{number}") == "edge" for number in range(10_000))

    assert 900 < chosen < 1_100


def test_chosen_tokens_are_the_same_for_ever() -> None:
    """Another hash would move every client at the next `up`."""
    policy = Policy(edge_is_on=True, edge_percent=30)

    chosen = [f"TOKEN{number}" for number in range(10) if policy.path(f"TOKEN{number}") == "edge"]

    assert chosen == ["TOKEN2", "TOKEN3", "TOKEN7", "TOKEN9"]


@given(POLICIES, TOKENS)
def test_flag_that_is_off_turns_all_routing_off(policy: Policy, token: str) -> None:
    off = Policy(
        edge_is_on=False,
        edge_tokens=policy.edge_tokens,
        edge_percent=policy.edge_percent,
        is_dual=policy.is_dual,
    )

    assert off.paths(token) == {"aws"}


def test_listed_token_takes_the_edge_whatever_the_percentage() -> None:
    policy = Policy(edge_is_on=True, edge_tokens=frozenset({"HOT"}), edge_percent=0)

    assert (policy.paths("HOT"), policy.paths("COLD")) == ({"edge"}, {"aws"})


def test_region_sends_its_clients_to_aws_and_the_token_to_both_paths() -> None:
    policy = Policy(edge_is_on=True, aws_regions=frozenset({"us-east-1"}))

    assert policy.path("SOL", "us-east-1") == "aws"
    assert policy.path("SOL", "eu-west-1") == policy.path("SOL") == "edge"
    assert policy.paths("SOL") == {"aws", "edge"}


def test_dual_publishes_on_both_paths() -> None:
    assert Policy(edge_is_on=True, is_dual=True).paths("SOL") == {"aws", "edge"}


@given(POLICIES)
def test_reserved_token_takes_every_path_that_is_on(policy: Policy) -> None:
    every = {"aws", "edge"} if policy.edge_is_on else {"aws"}

    assert policy.paths(PROBE_TOKEN) == every


@pytest.mark.parametrize("region", ["us-east-1", "us-gov-west-1", "ap-southeast-7"])
def test_region_of_aws_is_one(region: str) -> None:
    assert parse_region(region, where="region") == region


@pytest.mark.parametrize("region", ["", "us-east", "US-EAST-1", "us-east-1\n", "x" * 99])
def test_other_text_is_no_region_and_the_error_names_the_field(region: str) -> None:
    with pytest.raises(BadRequest, match=r"^region must be an AWS region such as us-east-1"):
        parse_region(region, where="region")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"edgePercent":101}', '{"edgePercent":5,"edgeTokens":7}']
)
def test_damaged_policy_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_policy(text)
