"""The outputs of the stack's last `up`, so that a preview can say what changes."""

import time
from collections.abc import Collection, Mapping
from typing import Final, cast

import pulumi

_TRIES: Final = 10
_WAIT_SECONDS: Final = 0.2
# A file backend has no transactions: the engine may still be writing the checkpoint that it reads.
_HALF_WRITTEN: Final = "failed to load checkpoint"


def last_output(name: str) -> str | None:
    """The text that the stack last exported under `name`; None before its first `up`."""
    value = _last(name)
    return value if isinstance(value, str) else None


def last_names(name: str) -> Collection[str]:
    """The values of the map that the stack last exported under `name`; empty before its first `up`."""
    value = _last(name)
    names = cast("Mapping[str, object]", value).values() if isinstance(value, Mapping) else ()
    return [str(each) for each in names]


def _last(name: str) -> object:
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    return _read_outputs(stack).get(name)


def _read_outputs(stack: str) -> Mapping[str, object]:
    for _ in range(_TRIES - 1):
        try:
            return _ask_engine(stack)
        except Exception as error:
            if _HALF_WRITTEN not in str(error):
                raise
            time.sleep(_WAIT_SECONDS)
    return _ask_engine(stack)


def _ask_engine(stack: str) -> Mapping[str, object]:
    # A function of the engine itself. A StackReference would be one more resource in the state.
    answer = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": stack})
    found = cast("Mapping[str, Mapping[str, object]] | None", answer.value) or {}
    return found.get("outputs", {})
