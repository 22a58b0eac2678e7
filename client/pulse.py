"""Tells whether the other end of a socket still lives: it is dead 10 s after a ping that nothing followed."""

from collections.abc import Callable
from typing import Final

from .scope import Scope
from .socket import ANSWER_SECONDS

# A timer that fires later than this was held up, by a sleep of the device or a busy loop.
_LATE_SECONDS: Final = 1.0


class Pulse:
    """`ping` sends one, `die` is called when nothing follows. While `is_excused`, silence means nothing:
    this side does not read."""

    def __init__(
        self,
        scope: Scope,
        *,
        ping: Callable[[], None],
        die: Callable[[], None],
        is_excused: Callable[[], bool],
    ) -> None:
        self._scope = scope
        self._ping = ping
        self._die = die
        self._is_excused = is_excused
        self._cancel_wait: Callable[[], None] | None = None

    def beat_every(self, seconds: float) -> None:
        def beat() -> None:
            self.check()
            self.beat_every(seconds)

        self._scope.later(seconds, beat)

    def hear(self) -> None:
        """Note that something was received."""
        if self._cancel_wait is not None:
            self._cancel_wait()
            self._cancel_wait = None

    def check(self) -> None:
        """Ping now. Any message is an answer."""
        self._ping()
        if self._cancel_wait is None:
            self._wait_once(may_be_late=True)

    def _wait_once(self, *, may_be_late: bool) -> None:
        due = self._scope.host.now + ANSWER_SECONDS

        def judge() -> None:
            # After a sleep the answer may lie unread, or the network is not back yet.
            is_late = may_be_late and self._scope.host.now - due > _LATE_SECONDS
            if not is_late and not self._is_excused():
                self._die()
                return
            self._ping()
            self._wait_once(may_be_late=False)

        self._cancel_wait = self._scope.later(ANSWER_SECONDS, judge)
