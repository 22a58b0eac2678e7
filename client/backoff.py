"""How long to wait before the next try, and which path not to try for a while. Pure."""

from collections.abc import Callable
from typing import Final

BASE_SECONDS: Final = 0.5
CAP_SECONDS: Final = 30.0
_MAX_DOUBLINGS: Final = 6  # from here on it is the cap

# Failures in a row that make a path unreachable, and how long it then counts as that: what blocks
# it (a firewall, a proxy) stays in the way, what broke it is mended.
UNREACHABLE_FAILURES: Final = 2
UNREACHABLE_SECONDS: Final = 5 * 60.0


class Backoff:
    """Full jitter: a random part of a wait that doubles, so that clients do not return together."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._failures = 0

    def next_seconds(self) -> float:
        """The wait after one more failure."""
        longest = min(CAP_SECONDS, BASE_SECONDS * 2 ** min(self._failures, _MAX_DOUBLINGS))
        self._failures += 1
        return self._random() * longest

    def begin_again(self) -> None:
        """Count the next failure as the first."""
        self._failures = 0


class Reach:
    """Which paths cannot be opened from here, by name."""

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._failed_at: dict[str, float] = {}  # in the order of the failures

    def note_failure(self, path: str, now: float) -> None:
        """A connection of `path` ended before it served."""
        self._failures[path] = self._failures.get(path, 0) + 1
        self._failed_at.pop(path, None)
        self._failed_at[path] = now

    def note_service(self, path: str) -> None:
        """A connection of `path` serves."""
        self._failures.pop(path, None)
        self._failed_at.pop(path, None)

    def is_unreachable(self, path: str, now: float) -> bool:
        """Whether `path` failed twice in a row, and lately."""
        return (
            self._failures.get(path, 0) >= UNREACHABLE_FAILURES
            and now - self._failed_at[path] < UNREACHABLE_SECONDS
        )

    def avoided(self, now: float) -> str | None:
        """The path that became or stayed unreachable last."""
        unreachable = (path for path in reversed(self._failed_at) if self.is_unreachable(path, now))
        return next(unreachable, None)
