"""The work that a change of route makes: step by step, and a page at a time.

What is left of it lies in the routing item, beside the routes. So a task (tasks.py) says nothing but "go
on". One that comes late, twice, or after another change finds there what is to be done now.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Final, Literal

from functions.glow.errors import BadRequest
from functions.glow.fields import Json, as_object, parse_json
from functions.glow.token import shown

Step = Literal["serve", "tell", "leave", "end", "sweep"]
STEPS: Final[tuple[Step, ...]] = ("serve", "tell", "leave", "end", "sweep")

# Longer than a task is hidden when the worker that had it died (12 minutes: components/pipeline/storage.py).
LOST_AFTER_MS: Final = 15 * 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The step that comes next, and where it goes on.

    `serve`: the rooms of tokens that come to the edge are told to serve. `tell`: the clients on AWS
    whose place is the edge are told. `leave`: the rooms of tokens that leave the edge are told, and
    tell their clients. `end`: now that all know, the end of the grace is written. `sweep`: when it
    is over, the subscriptions on AWS of those that are left are ended.
    """

    step: Step
    cursor: str | None = None
    """Where the step's next page begins; None: at the beginning."""
    due_ms: int
    """Not before this moment, Unix time."""
    touched_ms: int
    """When somebody last did some of it."""
    recovery_ms: int | None = None
    """The beginning of the edge's recovery that is announced by it, too."""
    owes_rooms: bool = False
    """Whether rooms could not be told to leave, because the edge did not answer."""

    def after(self, cursor: str | None, *, due_ms: int, now_ms: int) -> Work:
        """After a page, with the next one at `cursor`; None: the step is done. `sweep` is the last."""
        step = self.step if cursor is not None else STEPS[STEPS.index(self.step) + 1]
        return replace(self, step=step, cursor=cursor, due_ms=due_ms, touched_ms=now_ms)

    def swept(self, *, now_ms: int) -> Work | None:
        """What is left after `sweep`: the rooms that could not be told."""
        if not self.owes_rooms:
            return None
        return replace(self, step="leave", cursor=None, due_ms=now_ms, touched_ms=now_ms)

    @property
    def lost_from_ms(self) -> int:
        """If nobody has gone on by then, its task is lost."""
        return max(self.due_ms, self.touched_ms) + LOST_AFTER_MS

    def to_json(self) -> str:
        return json.dumps(
            {
                "step": self.step,
                "cursor": self.cursor,
                "dueMs": self.due_ms,
                "touchedMs": self.touched_ms,
                "recoveryMs": self.recovery_ms,
                "owesRooms": self.owes_rooms,
            },
            separators=(",", ":"),
        )


def parse_work(text: str) -> Work:
    """Read back what `Work.to_json` wrote. Raises BadRequest."""
    fields = as_object(parse_json(text, where="work"), where="work")
    cursor, recovery_ms = fields.get("cursor"), fields.get("recoveryMs")
    return Work(
        step=_step(fields),
        cursor=cursor if isinstance(cursor, str) else None,
        due_ms=_ms(fields, "dueMs"),
        touched_ms=_ms(fields, "touchedMs"),
        recovery_ms=recovery_ms if isinstance(recovery_ms, int) else None,
        owes_rooms=fields.get("owesRooms") is True,
    )


def _step(fields: Json) -> Step:
    for step in STEPS:
        if fields.get("step") == step:
            return step
    raise BadRequest(f"step must be one of {', '.join(STEPS)}; got {shown(fields.get('step'))}")


def _ms(fields: Json, key: str) -> int:
    value = fields.get(key)
    if isinstance(value, int):
        return value
    raise BadRequest(f"{key} must be Unix time in ms; got {shown(value)}")
