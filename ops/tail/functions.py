"""The functions' lines as they come: each log group is asked again and again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Final

from ops.logs.functions import FunctionLogs
from ops.logs.line import Line, function_line

# CloudWatch takes lines in some seconds late, and not in order.
_LATE_MS: Final = 30_000


class FunctionTail:
    """Each line once, although every look goes back to where lines may have come late."""

    def __init__(self, logs: FunctionLogs, *, since_ms: float) -> None:
        self._logs = logs
        self._since_ms = since_ms
        self._seen: dict[str, int] = {}

    async def follow(self, *, every_seconds: float) -> AsyncGenerator[list[Line]]:
        """What is new, look by look. Raises OpsError."""
        while True:
            yield await asyncio.to_thread(self.look)
            await asyncio.sleep(every_seconds)

    def look(self) -> list[Line]:
        """The lines that no look has found before. Raises OpsError."""
        now_ms = time.time() * 1_000
        found = [
            line for function in sorted(self._logs.names) for line in self._new(function, now_ms)
        ]
        self._since_ms = max(self._since_ms, now_ms - _LATE_MS)
        self._seen = {id_: at for id_, at in self._seen.items() if at >= self._since_ms}
        return found

    def _new(self, function: str, now_ms: float) -> list[Line]:
        lines: list[Line] = []
        for event in self._logs.events(function, since_ms=self._since_ms, until_ms=now_ms):
            if event.id in self._seen:
                continue
            self._seen[event.id] = event.at_ms
            line = function_line(function, event.at_ms, event.message)
            if line is not None:
                lines.append(line)
        return lines
