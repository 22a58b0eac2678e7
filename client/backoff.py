"""How long to wait before the next try, and which path to avoid for a while. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

BASE_SECONDS: Final = 0.5
CAP_SECONDS: Final = 30.0
_MAX_DOUBLINGS: Final = 6  # 0.5 s doubled 6 times is more than the cap

# A path that fails and fails again over so long counts as unreachable: something may block it (a
# firewall, a proxy). Failures over a shorter time are an outage, which passes.
LASTING_SECONDS: Final = 10.0
# How long it is avoided: what blocks it may be gone when it is tried again.
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


@dataclass(frozen=True, slots=True)
class _Failures:
    since: float
    last: float


class Reach:
    """Remembers which paths this client could not open, by the path's name."""

    def __init__(self) -> None:
        self._failed: dict[str, _Failures] = {}  # the path that failed last is at the end

    def note_failure(self, path: str, now: float) -> bool:
        """Note that a connection on `path` ended before it was ready.

        Returns whether that made the path unreachable.
        """
        was_unreachable = self.is_unreachable(path, now)
        before = self._failed.pop(path, None)
        if before is None or now - before.last >= UNREACHABLE_SECONDS:
            before = _Failures(now, now)
        self._failed[path] = _Failures(before.since, now)
        return not was_unreachable and self.is_unreachable(path, now)

    def note_service(self, path: str) -> None:
        """Note that a connection on `path` works."""
        self._failed.pop(path, None)

    def is_unreachable(self, path: str, now: float) -> bool:
        """Whether `path` failed and failed again, over 10 s or more, and lately."""
        failures = self._failed.get(path)
        return (
            failures is not None
            and failures.last - failures.since >= LASTING_SECONDS
            and now - failures.last < UNREACHABLE_SECONDS
        )

    def avoided_for(self, now: float) -> float:
        """How long some path will still be avoided, in seconds."""
        path = self.avoided(now)
        return 0.0 if path is None else self._failed[path].last + UNREACHABLE_SECONDS - now

    def avoided(self, now: float) -> str | None:
        """The unreachable path that failed last; None if every path can be tried."""
        unreachable = (path for path in reversed(self._failed) if self.is_unreachable(path, now))
        return next(unreachable, None)
