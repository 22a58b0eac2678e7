"""A URN is what Pulumi knows a resource by: one that changes is deleted and made anew."""

from pathlib import Path

import pytest

from tests.stack.recording import Deployment, urns

GOLDEN = Path(__file__).with_name("urns.txt")


def test_no_resource_is_renamed_by_accident() -> None:
    assert urns() == GOLDEN.read_text(), (
        "The stack's URNs have changed. A rename needs aliases=[pulumi.Alias(name=…)], or users lose"
        " the resource. If it is meant: python -m tests.stack.recording > tests/stack/urns.txt"
    )


@pytest.mark.parametrize("name", ["glow-rest", "glow-websocket"])
def test_api_that_the_pipeline_once_owned_keeps_its_address(prod: Deployment, name: str) -> None:
    assert prod.named(name).moved_from == {prod.named("glow").urn}
