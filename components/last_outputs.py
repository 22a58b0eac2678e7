"""What the stack's last `up` left as outputs, for a preview that says what changes."""

from collections.abc import Mapping
from typing import cast

import pulumi


def last_output(name: str) -> str | None:
    """The text that the stack last exported under `name`; None before its first `up`."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    # A function of the engine itself. A StackReference would be one more resource in the state.
    answer = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": stack})
    found = cast("Mapping[str, Mapping[str, object]] | None", answer.value) or {}
    value = found.get("outputs", {}).get(name)
    return value if isinstance(value, str) else None
