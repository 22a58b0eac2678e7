"""A line of a log: an event with fields, of a function or of the Worker. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

# What the runtime adds to each line of a function; the rest are the event's own fields.
_OF_RUNTIME: Final = frozenset({"timestamp", "level", "message", "logger", "requestId", "_aws"})
_OF_WORKER: Final = frozenset({"event", "level"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`at_ms` is Unix time in ms, `source` a function's name in the outputs, or `worker`."""

    at_ms: float
    source: str
    event: str
    level: str = "INFO"
    request_id: str = ""
    fields: Mapping[str, object]

    def number(self, name: str) -> float | None:
        """The field `name`, if it is a number."""
        value = self.fields.get(name)
        return value if isinstance(value, int | float) else None

    def text(self, name: str) -> str | None:
        """The field `name`, if it is a text."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else None

    @property
    def texts(self) -> Iterator[str]:
        """The fields that are texts, and those in lists of them."""
        for value in self.fields.values():
            each_of = cast("list[object]", value) if isinstance(value, list) else [value]
            yield from (each for each in each_of if isinstance(each, str))

    def names(self, wanted: str) -> bool:
        """Whether a field is `wanted`, or a list that holds it."""
        return wanted in self.texts


def function_line(source: str, at_ms: float, message: str) -> Line | None:
    """A line of a function as Lambda's JSON format has it. None: the platform's own, or no JSON."""
    fields = parse_object(message)
    if fields is None or not isinstance(fields.get("message"), str):
        return None
    return Line(
        at_ms=_own_ms(fields.get("timestamp")) or at_ms,
        source=source,
        event=str(fields["message"]),
        level=str(fields.get("level", "INFO")),
        request_id=str(fields.get("requestId", "")),
        fields={name: value for name, value in fields.items() if name not in _OF_RUNTIME},
    )


def worker_line(at_ms: float, message: str) -> Line:
    """A line of the Worker (worker/log.js). What is no JSON is an event of its own text."""
    fields = parse_object(message)
    if fields is None or not isinstance(fields.get("event"), str):
        return Line(at_ms=at_ms, source="worker", event=message, fields={})
    return Line(
        at_ms=at_ms,
        source="worker",
        event=str(fields["event"]),
        level=str(fields.get("level", "info")).upper(),
        fields={name: value for name, value in fields.items() if name not in _OF_WORKER},
    )


def parse_object(text: str) -> Mapping[str, object] | None:
    """The JSON object in `text`; None if it is something else."""
    try:
        parsed = json.loads(text)
    except ValueError:
        return None
    return cast("Mapping[str, object]", parsed) if isinstance(parsed, dict) else None


def _own_ms(timestamp: object) -> float | None:
    """What the runtime wrote: CloudWatch's own time is that of a batch."""
    if not isinstance(timestamp, str):
        return None
    try:
        return datetime.fromisoformat(timestamp).timestamp() * 1_000
    except ValueError:
        return None
