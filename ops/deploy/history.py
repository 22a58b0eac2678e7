"""What a stack's own history tells: the commit that it was deployed from, and which updates began."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import BaseModel, TypeAdapter, ValidationError

from ops.errors import OpsError
from workspace.stack import Stack

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


class _Update(BaseModel):
    """What is read of an entry of `pulumi stack history --json` (Pulumi 3.259)."""

    kind: str = ""
    message: str = ""
    result: str = ""
    environment: Mapping[str, str] = {}


_HISTORY: Final = TypeAdapter(list[_Update])


def deployed_commit(stack: Stack) -> str | None:
    """The commit of the newest `up` that succeeded; None if there is none, or it was no clean commit."""
    return commit_of(_printed(stack))


def has_update(stack: Stack, message: str) -> bool:
    """Tell whether an update of this message has begun, however it ended. Raises WorkspaceError."""
    return names_update(_printed(stack), message)


def commit_of(printed: str) -> str | None:
    """`deployed_commit`, of what the Pulumi CLI printed, newest first. Raises OpsError."""
    for update in _history(printed):
        if update.kind == "update" and update.result == "succeeded":
            told = update.environment
            commit = told.get("git.head", "")
            is_whole = told.get("git.dirty", "false") != "true" and _COMMIT.fullmatch(commit)
            return commit if is_whole else None
    return None


def names_update(printed: str, message: str) -> bool:
    """`has_update`, of the same. One that was kept out by a lock leaves no entry. Raises OpsError."""
    return any(update.message == message for update in _history(printed))


def _printed(stack: Stack) -> str:
    return stack.run("stack", "history", "--json")


def _history(printed: str) -> Sequence[_Update]:
    try:
        return _HISTORY.validate_json(printed or "[]")
    except ValidationError as error:
        raise OpsError(
            f"`pulumi stack history --json` printed what is no history: {error}"
        ) from None
