"""The bodies in a recording: one JSON array as Helius posts it, or a body on each line. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from functions.glow.trades.parse import MAX_BODY_BYTES


@dataclass(frozen=True, slots=True)
class Body:
    """A body that can be posted, and the line that it begins on."""

    line: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """A line whose body is not posted, or was refused, and why."""

    line: int
    why: str

    def to_dict(self) -> dict[str, object]:
        return {"line": self.line, "why": self.why}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    bodies: Sequence[Body]
    faults: Sequence[Fault]


def parse_recording(content: bytes) -> Recording:
    """Read a file. What no webhook would take is a fault, and the others are read all the same."""
    whole = content.strip()
    if b"\n" in whole and _fault(whole) is None:
        whole_body = Body(1 + content[: content.index(whole)].count(b"\n"), whole)
        return Recording(bodies=[whole_body], faults=[])
    bodies: list[Body] = []
    faults: list[Fault] = []
    for number, line in enumerate(content.splitlines(), start=1):
        body = line.strip()
        if not body:
            continue
        why = _fault(body)
        if why is None:
            bodies.append(Body(number, body))
        else:
            faults.append(Fault(number, why))
    return Recording(bodies=bodies, faults=faults)


def _fault(body: bytes) -> str | None:
    if len(body) > MAX_BODY_BYTES:
        return f"{len(body)} bytes; the webhook takes {MAX_BODY_BYTES}"
    try:
        parsed = json.loads(body)
    except ValueError as error:  # also of bytes that are no UTF-8
        return f"no JSON: {error}"
    except RecursionError:
        return "no JSON that anybody nests so deep"
    if isinstance(parsed, list | dict):
        return None
    return f"a JSON array of transactions or one trade as an object; got a {type(parsed).__name__}"
