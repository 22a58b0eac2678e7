"""A circuit breaker: after several failures in a row nothing is tried for a while."""

from dataclasses import dataclass
from typing import Final

FAILURES_IN_A_ROW: Final = 5
OPEN_SECONDS: Final = 5.0


@dataclass(slots=True)
class CircuitBreaker:
    """Counts the outcomes of requests; `now` is any clock in seconds that never goes back.

    When that time is over, tries are allowed again. One success closes the circuit. A failure
    opens it again at once, because the earlier ones still count.
    """

    _failures: int = 0
    _first_failure: float = 0.0
    _last_failure: float = 0.0
    _open_until: float | None = None

    def is_open(self, *, now: float) -> bool:
        """Whether a try is to be skipped."""
        return self._open_until is not None and now < self._open_until

    @property
    def failing_seconds(self) -> float:
        """From the first of the failures in a row to the last."""
        return self._last_failure - self._first_failure if self._failures else 0.0

    def record_success(self) -> None:
        self._failures = 0
        self._open_until = None

    def record_failure(self, *, now: float) -> None:
        if not self._failures:
            self._first_failure = now
        self._failures += 1
        self._last_failure = now
        if self._failures >= FAILURES_IN_A_ROW:
            self._open_until = now + OPEN_SECONDS
