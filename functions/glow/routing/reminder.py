"""Who reads the routes notices when nobody goes on with a change: its task is lost. It is added again.

A queue can be purged, and a task fail until it is a dead letter. What it was to do would stay undone, and
both paths be paid for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from functions.glow import log
from functions.glow.errors import GlowError
from functions.glow.routing.routes import Routes
from functions.glow.routing.work import LOST_AFTER_MS
from functions.glow.runtime.parallel import by_the_deadline

# Not at run time: it loads what only a change of route needs, and callers here are waited for.
if TYPE_CHECKING:
    from functions.glow.routing.ports import Tasks

# What is left of a request's deadline for its answer: the updates are safe by now.
_ANSWER_SECONDS: Final = 0.1


class Reminder:
    """One for the life of a process. Never fails its caller, nor makes it miss its deadline."""

    def __init__(self, tasks: Tasks, *, clock: Callable[[], float] = time.time) -> None:
        self._tasks = tasks
        self._clock = clock
        self._last: str | None = None

    def remind(self, routes: Routes) -> None:
        """Add the task of `routes` again if it is lost, once in LOST_AFTER_MS."""
        work, now_ms = routes.to_do, int(self._clock() * 1_000)
        if work is None or now_ms < work.lost_from_ms:
            return
        # The same in all processes: SQS drops the repeats.
        name = f"again-{work.lost_from_ms}-{(now_ms - work.lost_from_ms) // LOST_AFTER_MS}"
        if name == self._last:
            return
        self._last = name
        try:
            by_the_deadline(
                lambda: self._tasks.add(now_ms, name=name), keep_seconds=_ANSWER_SECONDS
            )
        except GlowError as error:
            log.warning("route_task_not_added", reason=str(error))
        else:
            log.warning("route_task_added_again", step=work.step, task=name)
