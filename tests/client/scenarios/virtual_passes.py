"""Who may listen to the virtual stack."""

from collections.abc import Mapping
from typing import Any

Passes = Mapping[str, Mapping[str, Any]]
"""The passes that are good, by their text: the second at which each one ends (`endsAt`), and the `tokens`
that it is for; all, if it names none."""

Refusal = dict[str, str]


def why_not(passes: Passes, shown: str | None, second: float) -> Refusal | None:
    """Why a pass does not let in; None: it does."""
    found = passes.get(shown or "")
    if found is None:
        return {"code": "UNAUTHORIZED", "message": f"no such pass: {shown}"}
    if second < found["endsAt"]:
        return None
    return {"code": "TOKEN_EXPIRED", "message": f"{shown} has ended"}


def why_not_for(passes: Passes, shown: str, token: str) -> Refusal | None:
    """Why a pass that lets in is none for the token."""
    if token in passes[shown].get("tokens", [token]):
        return None
    return {"code": "FORBIDDEN_TOKEN", "message": f"{shown} is not for {token}"}
