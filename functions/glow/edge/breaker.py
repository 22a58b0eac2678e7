"""A circuit breaker: after several failures in a row nothing is tried for a while."""

from dataclasses import dataclass
from typing import Final

FAILURES_IN_A_ROW: Final = 5
OPEN_SECONDS: Final = 5.0


@dataclass(slots=True)
class CircuitBreaker:
    """Counts the outcomes it is told of; `now` is any clock in seconds that never goes back.

    When that time is over, tries are allowed again. One success closes the circuit. A failure
    opens it again at once, because the earlier ones still count.
    """

    _failures: int = 0
    _open_until: float | None = None

    def is_open(self, *, now: float) -> bool:
        """Whether a try is to be skipped."""
        return self._open_until is not None and now < self._open_until

    def record_success(self) -> None:
        self._failures = 0
        self._open_until = None

    def record_failure(self, *, now: float) -> None:
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW:
            self._open_until = now + OPEN_SECONDS
