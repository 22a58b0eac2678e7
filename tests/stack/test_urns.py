"""A URN is what Pulumi knows a resource by: one that changes is deleted and made anew."""

from pathlib import Path

from tests.stack.recording import urns

GOLDEN = Path(__file__).with_name("urns.txt")


def test_no_resource_is_renamed_by_accident() -> None:
    assert urns() == GOLDEN.read_text(), (
        "The stack's URNs have changed. A rename needs aliases=[pulumi.Alias(name=…)], or users lose"
        " the resource. If it is meant: python -m tests.stack.recording > tests/stack/urns.txt"
    )
