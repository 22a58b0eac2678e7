"""What a check found: a line of the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A line. One that failed says the likely `cause`, and as `remedy` the command to run."""

    name: str
    state: State
    seen: str
    cause: str = ""
    remedy: str = ""

    def to_dict(self) -> dict[str, str]:
        return {
            "name": self.name,
            "state": self.state,
            "seen": self.seen,
            "cause": self.cause,
            "remedy": self.remedy,
        }


def well(name: str, seen: str) -> Finding:
    return Finding(name, "ok", seen)


def failed(name: str, seen: str, *, cause: str, remedy: str) -> Finding:
    return Finding(name, "failed", seen, cause, remedy)


def skipped(name: str, why: str, *, remedy: str = "") -> Finding:
    """What cannot be told, or is not there to be checked."""
    return Finding(name, "skipped", why, remedy=remedy)
