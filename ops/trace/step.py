"""A step of a trade's way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

State = Literal["done", "missing", "waiting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A station of the way. `at_ms` is Unix time in ms, None where only the fact is known.

    One that is `missing` says the likely `cause`.
    """

    name: str
    state: State
    seen: str
    at_ms: float | None = None
    cause: str = ""

    def to_dict(self) -> Mapping[str, object]:
        return {
            "name": self.name,
            "state": self.state,
            "seen": self.seen,
            "atMs": self.at_ms,
            "cause": self.cause,
        }
