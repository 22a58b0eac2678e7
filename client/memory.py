"""What a subscription has handed over, where it goes on, and what it is still owed.

Pure: `now` is the seconds of any clock that does not go back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from client.update import Price, Update

# As the room at the edge (design.md, Edge): longer than any retry.
REMEMBERED_SECONDS: Final = 15 * 60
REMEMBERED_IDS: Final = 50_000

# The paths may deliver in another order, by about a second.
PATHS_DIFFER_SECONDS: Final = 5

# Silence longer than this does not age what is remembered: who comes back after a night asks for
# what followed its last trades, and is sent some of them again.
_SILENCE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Span:
    """Ids with `after` < id <= `until`; no `until`: to the newest, no `after`: the newest alone."""

    after: str | None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class _Arrival:
    received: float
    age_at_arrival: float
    is_late: bool


class Memory:
    """Makes "at least once" on any number of sockets "exactly once" for the user."""

    def __init__(self, *, wants_latest: bool) -> None:
        self._wants_latest = wants_latest
        self._arrivals: dict[str, _Arrival] = {}  # by id, in order of arrival
        self._age = 0.0  # seconds lived through, long silences cut short
        self._last_received: float | None = None
        self._newest_id: str | None = None
        self._owed: Span | None = None

    @property
    def newest_id(self) -> str | None:
        """The highest id handed over."""
        return self._newest_id

    def admit(self, update: Update, now: float) -> Price | None:
        """The price to hand over; None for one handed over before, or late and not wanted."""
        self._live_until(now)
        if update.id in self._arrivals:
            return None
        is_late = self._newest_id is not None and update.id < self._newest_id
        self._arrivals[update.id] = _Arrival(now, self._age, is_late)
        if len(self._arrivals) > REMEMBERED_IDS:
            del self._arrivals[next(iter(self._arrivals))]
        if is_late:
            return None if self._wants_latest else Price(update, is_late=True)
        self._newest_id = update.id
        return Price(update, is_late=False)

    def cursor_on_another_path(self, now: float) -> str | None:
        """The last id received PATHS_DIFFER_SECONDS ago, else the oldest known, else None.

        Late ones are passed over: a path that does not know the cursor answers by id, and from one
        that is hours old it would send hours.
        """
        oldest = None
        for id_, received in self._rising_backwards():
            if received <= now - PATHS_DIFFER_SECONDS:
                return id_
            oldest = id_
        return oldest

    @property
    def owed(self) -> Span | None:
        """What must be read from the REST API."""
        return self._owed

    def owe(self, span: Span) -> None:
        """Note a gap. Gaps become one that covers them all: repeats cost less than a list."""
        self._owed = span if self._owed is None else _cover(self._owed, span)

    def settle(self, span: Span) -> None:
        """Note that `span` has been read; what was owed meanwhile stays owed."""
        if self._owed is span:
            self._owed = None

    def _live_until(self, now: float) -> None:
        """Grow older, and forget; nothing is forgotten while a read that may repeat it is owed."""
        if self._last_received is not None:
            self._age += min(now - self._last_received, _SILENCE_SECONDS)
        self._last_received = now
        while self._owed is None and self._arrivals:
            oldest = next(iter(self._arrivals))
            if self._arrivals[oldest].age_at_arrival >= self._age - REMEMBERED_SECONDS:
                break
            del self._arrivals[oldest]

    def _rising_backwards(self) -> Iterator[tuple[str, float]]:
        for id_, arrival in reversed(self._arrivals.items()):
            if not arrival.is_late:
                yield id_, arrival.received


def _cover(one: Span, other: Span) -> Span:
    if one.after is None or other.after is None:
        # The newest alone was owed because nothing had been received; any real gap says more.
        return other if one.after is None else one
    return Span(
        after=min(one.after, other.after),
        until=None if one.until is None or other.until is None else max(one.until, other.until),
    )
