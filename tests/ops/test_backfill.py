"""What `ops backfill` is told by its options and by the stack's config."""

import json
import re

import pytest
from typer.testing import CliRunner

from ops.backfill.access import Target, target_of
from ops.cli import app
from ops.errors import OpsError
from ops.settings import parse_config

BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
WIF = "EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm"
POOL = "58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2"
NODE = "https://rpc.example.com/?api-key=what-the-node-lets-in"


def printed(**values: object) -> str:
    """What `pulumi config --json --show-secrets` prints; other namespaces are there, too."""
    secrets = {"HeliusWebhookSecret": "the-secret-that-helius-sends", "RpcUrl": NODE}
    entries: dict[str, object] = {
        f"glow:{key}": {"value": value, "secret": True} for key, value in secrets.items()
    }
    for key, value in values.items():
        entries[f"glow:{key}"] = {"value": json.dumps(value), "objectValue": value, "secret": False}
    return json.dumps(entries | {"aws:region": {"value": "us-east-1", "secret": False}})


def target(*tokens: str, **values: object) -> Target:
    return target_of(parse_config(printed(**values), stack="dev"), tokens)


BOTH = {"BONK": BONK, "WIF": WIF}


def test_by_default_every_token_of_the_stack_is_looked_up() -> None:
    assert target(tokens=BOTH) == Target([BONK, WIF], frozenset({BONK, WIF}))


@pytest.mark.parametrize("name", ["WIF", WIF])
def test_token_is_named_by_symbol_or_mint(name: str) -> None:
    assert target(name, tokens=BOTH) == Target([WIF], frozenset({WIF}))


def test_accounts_of_the_webhook_are_looked_up_in_place_of_mints() -> None:
    found = target("WIF", tokens=BOTH, helius={"addresses": [POOL]})

    assert found == Target([POOL], frozenset({WIF}))


def test_stack_that_streams_every_token_needs_a_mint() -> None:
    assert target(BONK) == Target([BONK], frozenset({BONK}))
    with pytest.raises(OpsError, match=re.escape("--token <mint>")):
        target()


def test_token_that_is_not_streamed_is_refused() -> None:
    with pytest.raises(OpsError, match="glow:tokens does not list it"):
        target(POOL, tokens=BOTH)


def test_config_that_cannot_be_deployed_is_told_without_its_secrets() -> None:
    with pytest.raises(OpsError, match="glow:priceRetentionDays") as caught:
        parse_config(printed(priceRetentionDays=0), stack="dev")

    assert "what-the-node-lets-in" not in str(caught.value)


@pytest.mark.parametrize("since", ["2", "h", "0h", "2 h", "1.5h", "-2h", "2w", "999999h"])
def test_time_that_is_none_is_a_wrong_option(since: str) -> None:
    answer = CliRunner().invoke(app, ["backfill", "--since", since])

    assert answer.exit_code == 2
    assert "is not like" in answer.output
