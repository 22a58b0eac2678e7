"""What a subscription has received: which ids, from where to continue, which gaps to fill.

Pure: `now` is in seconds of a clock that never goes back.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .update import Price, Update, place_of

# The same as in the room at the edge; longer than any retry takes (design.md, Edge).
REMEMBERED_SECONDS: Final = 15 * 60
REMEMBERED_IDS: Final = 50_000

# The two paths may deliver trades in different orders, about a second apart. 5 s leave a margin.
PATHS_DIFFER_SECONDS: Final = 5

# Ids do not age during a silence longer than this. A client that wakes after a night reads from
# shortly before its last trades, so it receives some of them again and must recognise them.
_SILENCE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Span:
    """The ids above `after`; without `after`, the newest alone.

    It has no end, because the id that follows a gap says little of it: that may be a late trade's.
    """

    after: str | None


@dataclass(frozen=True, slots=True)
class _Arrival:
    received: float
    age_at_arrival: float
    is_late: bool


class Memory:
    """Remembers ids, so that the user gets each trade once, though sockets may deliver it twice."""

    def __init__(self) -> None:
        # By id, in order of arrival. To find the first entry of a dict is to pass over all that were
        # deleted before it; an OrderedDict is linked.
        self._arrivals: OrderedDict[str, _Arrival] = OrderedDict()
        self._age = 0.0  # seconds since the start, of which each long silence counts 60
        self._last_received: float | None = None
        self._newest_id: str | None = None
        self._owed: Span | None = None

    @property
    def newest_id(self) -> str | None:
        """The id of the newest price passed to the user."""
        return self._newest_id

    def admit(self, update: Update, now: float) -> Price | None:
        """The price for the user; None if it is a repeat."""
        self._live_until(now)
        if update.id in self._arrivals:
            return None
        newest = self._newest_id
        is_late = newest is not None and place_of(update.id) < place_of(newest)
        self._arrivals[update.id] = _Arrival(now, self._age, is_late)
        if len(self._arrivals) > REMEMBERED_IDS:
            self._arrivals.popitem(last=False)
        if not is_late:
            self._newest_id = update.id
        return Price(update, is_late)

    def cursor_on_another_path(self) -> str | None:
        """The last id received PATHS_DIFFER_SECONDS or more before the last message.

        Else the oldest known, else None. Late trades are skipped: a path that does not know the
        cursor sends all higher ids, and above the id of a trade that is hours old those would be
        hours of trades.
        """
        oldest = None
        for id_, received in self._rising_backwards():
            if received <= (self._last_received or 0) - PATHS_DIFFER_SECONDS:
                return id_
            oldest = id_
        return oldest

    @property
    def owed(self) -> Span | None:
        """The span that must still be read from the REST API."""
        return self._owed

    def owe(self, span: Span) -> None:
        """Note a gap. Several gaps become one span: reading some trades again costs little."""
        self._owed = span if self._owed is None else _cover(self._owed, span)

    def gap_start(self, after: str | None) -> str | None:
        """From where a gap must be read: nothing up to the newest price is missing.

        `after` may be earlier, the id of a trade that was hours late, or None if the path knows
        nothing of before.
        """
        if after is None or self._newest_id is None:
            return after or self._newest_id
        return max(after, self._newest_id)

    def settle(self, span: Span, rest: Span | None = None) -> None:
        """Note that all of `span` but `rest` has been read.

        A gap that was noted during the read stays owed.
        """
        if self._owed is span:
            self._owed = rest

    def leave_out(self) -> None:
        """Give up what is owed, but for the newest price; that too, if it was what was owed."""
        self._owed = None if self._owed is None or self._owed.after is None else Span(None)

    def _live_until(self, now: float) -> None:
        """Advance the age and forget old ids, but none while a read is owed that may repeat them."""
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
        return Span(one.after or other.after)
    return Span(min(one.after, other.after))
