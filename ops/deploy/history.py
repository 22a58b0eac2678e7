"""Which commit of the program a stack was deployed from, by its own history."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, TypeAdapter, ValidationError

from ops.errors import OpsError
from workspace.stack import Stack

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


class _Update(BaseModel):
    """What is read of an entry of `pulumi stack history --json` (Pulumi 3.259)."""

    kind: str = ""
    result: str = ""
    environment: Mapping[str, str] = {}


_HISTORY: Final = TypeAdapter(list[_Update])


def deployed_commit(stack: Stack) -> str | None:
    """The commit of the newest `up` that succeeded; None if there is none, or it was no clean commit."""
    return commit_of(stack.run("stack", "history", "--json"))


def commit_of(printed: str) -> str | None:
    """The same, of what the Pulumi CLI printed, newest first. Raises OpsError."""
    try:
        history = _HISTORY.validate_json(printed or "[]")
    except ValidationError as error:
        raise OpsError(
            f"`pulumi stack history --json` printed what is no history: {error}"
        ) from None
    for update in history:
        if update.kind == "update" and update.result == "succeeded":
            told = update.environment
            commit = told.get("git.head", "")
            is_whole = told.get("git.dirty", "false") != "true" and _COMMIT.fullmatch(commit)
            return commit if is_whole else None
    return None
