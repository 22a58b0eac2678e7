"""Does something once for all who ask for it at about the same time."""

from collections.abc import Callable
from typing import Final

from .scope import Scope

# A list that is scrolled follows and leaves tokens all the time; both paths take 300 commands in 10 s.
APART_SECONDS: Final = 0.1
SOON_SECONDS: Final = 0.002  # timers of tokens that wait together fire within a millisecond


class Gatherer:
    """Calls `act` soon after it is asked to, and then at most every 100 ms."""

    def __init__(self, scope: Scope, act: Callable[[], None]) -> None:
        self._scope = scope
        self._act = act
        self._is_due = False
        self._next_at = float("-inf")

    def ask(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._scope.later(max(SOON_SECONDS, self._next_at - self._scope.host.now), self._do)

    def _do(self) -> None:
        self._is_due = False
        self._next_at = self._scope.host.now + APART_SECONDS
        self._act()
