"""The circuit breaker of a path: after failures in a row nothing is tried for a while."""

from dataclasses import dataclass
from typing import Final

FAILURES_IN_A_ROW: Final = 5
OPEN_SECONDS: Final = 5.0


@dataclass(slots=True)
class CircuitBreaker:
    """Counts the outcomes it is told of; `now` is any clock in seconds that never goes back.

    When the time is over, whatever comes is tried. One success closes the circuit; a failure, with
    the old ones still counted, opens it again at once.
    """

    _failures: int = 0
    _open_until: float | None = None

    def is_open(self, *, now: float) -> bool:
        """Whether to spare oneself the try."""
        return self._open_until is not None and now < self._open_until

    def record_success(self) -> None:
        self._failures = 0
        self._open_until = None

    def record_failure(self, *, now: float) -> None:
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW:
            self._open_until = now + OPEN_SECONDS
