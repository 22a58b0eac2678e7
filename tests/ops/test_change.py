"""A change of config that is not carried out leaves config as it was. Read by the real Pulumi CLI."""

import json
from pathlib import Path
from typing import Any

import pytest

from ops.change import Operator, Setting, deploy_change
from ops.errors import OpsError
from tests.ops.cli_stack import make_stack
from workspace.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """Its config is not enough for the program, so each preview fails."""
    return make_stack(tmp_path_factory.mktemp("stack"))


def config_of(stack: Stack) -> dict[str, Any]:
    return json.loads(stack.run("config", "--json", "--show-secrets"))


def test_failed_preview_takes_back_what_was_set_secrets_too(stack: Stack) -> None:
    stack.set_config("glow:EdgeBroadcastSecret", "the-old-secret-of-the-edge", secret=True)
    stack.set_config("glow:USE_EDGE_BROADCAST", "true")
    before, said = config_of(stack), list[str]()
    settings = [
        Setting(key="EdgeBroadcastSecret", value="the-new-secret-of-the-edge", is_secret=True),
        Setting(
            key="EdgeBroadcastSecretPrevious", value="the-old-secret-of-the-edge", is_secret=True
        ),
        Setting(key="USE_EDGE_BROADCAST", value=None),
    ]

    with pytest.raises(OpsError, match=r"preview failed.* Config is as it was"):
        deploy_change(stack, settings, Operator(say=said.append, agrees=lambda: True))

    assert config_of(stack) == before
    assert any("HeliusApiKey" in line for line in said), said
    for shown in ("\n".join(said), repr(settings), (stack.config_file or Path()).read_text()):
        assert "secret-of-the-edge" not in shown
