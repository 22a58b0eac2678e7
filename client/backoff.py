"""How long to wait before the next try, and which path to avoid for a while. Pure."""

from collections.abc import Callable
from typing import Final

BASE_SECONDS: Final = 0.5
CAP_SECONDS: Final = 30.0
_MAX_DOUBLINGS: Final = 6  # 0.5 s doubled 6 times is more than the cap

# A path that fails this often in a row counts as unreachable for this long: something permanent may
# block it (a firewall, a proxy), or it is only broken and will be repaired.
UNREACHABLE_FAILURES: Final = 2
UNREACHABLE_SECONDS: Final = 5 * 60.0


class Backoff:
    """The wait before each try: a random part of a time that doubles with each failure.

    It is random so that clients that failed together do not come back together ("full jitter").
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._failures = 0

    def next_seconds(self) -> float:
        """The wait after one more failure."""
        longest = min(CAP_SECONDS, BASE_SECONDS * 2 ** min(self._failures, _MAX_DOUBLINGS))
        self._failures += 1
        return self._random() * longest

    def begin_again(self) -> None:
        """Start again with the shortest wait."""
        self._failures = 0


class Reach:
    """Remembers which paths this client could not open, by the path's name."""

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._failed_at: dict[str, float] = {}  # in the order of the failures

    def note_failure(self, path: str, now: float) -> None:
        """Note that a connection on `path` ended before it was ready."""
        self._failures[path] = self._failures.get(path, 0) + 1
        self._failed_at.pop(path, None)
        self._failed_at[path] = now

    def note_service(self, path: str) -> None:
        """Note that a connection on `path` works."""
        self._failures.pop(path, None)
        self._failed_at.pop(path, None)

    def is_unreachable(self, path: str, now: float) -> bool:
        """Whether `path` has failed twice in a row, the last time less than 5 minutes ago."""
        return (
            self._failures.get(path, 0) >= UNREACHABLE_FAILURES
            and now - self._failed_at[path] < UNREACHABLE_SECONDS
        )

    def avoided(self, now: float) -> str | None:
        """The unreachable path that failed last; None if every path can be tried."""
        unreachable = (path for path in reversed(self._failed_at) if self.is_unreachable(path, now))
        return next(unreachable, None)
