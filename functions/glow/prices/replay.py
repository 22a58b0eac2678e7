"""Recovery: what a client is sent that comes back with `after=<id>`.

`after` is the last trade that the client has. It has missed everything that *arrived* later:
- every id above `after`, and
- late trades: ids down to LATE_SECONDS below `after` that arrived since. "Since" begins
  PUBLISH_MS before `after` itself arrived, because two trades stored at once may be published in
  either order. So the client may get a trade twice, but misses none (on the wire delivery is at
  least once, and `id` identifies).

They are sent in order of arrival. The answer is whole only if `after` is stored and at most
MAX_REPLAY updates were missed. Otherwise (`after` expired, was never here, or is too long ago) the
client gets a Gap, and then the newest MAX_REPLAY updates. These have no hole, and the live stream
continues them. The Gap names `after` and the first id of the newest as `until`: the client reads
what lies between from /prices. `until` is None when the token has no price at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from functions.glow.prices.table import Arrival, PriceTable
from functions.glow.update import Update, id_at, timestamp_of

MAX_REPLAY: Final = 500
LATE_SECONDS: Final = 60
PUBLISH_MS: Final = 1_000  # the webhook stores and publishes within Helius's one second


@dataclass(frozen=True, slots=True)
class Gap:
    """Updates between two ids that the replay does not hold."""

    after: str
    until: str | None


@dataclass(frozen=True, slots=True)
class Replay:
    """`gap`, if there is one, comes before `updates`."""

    updates: Sequence[Update]
    gap: Gap | None


def replay(prices: PriceTable, token: str, after: str, *, now: float) -> Replay:
    """What a client of `token` that has `after` is to be sent at `now` (Unix seconds)."""
    known = prices.arrival(token, after, now=now)
    missed = None if known is None else _missed(prices, known, now=now)
    if missed is not None and len(missed) <= MAX_REPLAY:
        return Replay([arrival.update for arrival in missed], None)
    newest = prices.tail(token, limit=MAX_REPLAY, now=now)
    return Replay(newest, Gap(after, newest[0].id if newest else None))


def replay_from(prices: PriceTable, token: str, first: str, *, now: float) -> Replay:
    """What a client is to be sent that missed `first` and maybe higher ids, but no lower one."""
    known = prices.arrival(token, first, now=now)
    later = prices.arrivals_after(token, first, limit=MAX_REPLAY, now=now)
    if known is not None and len(later) < MAX_REPLAY:
        missed = sorted([known, *later], key=_arrival_order)
        return Replay([arrival.update for arrival in missed], None)
    newest = prices.tail(token, limit=MAX_REPLAY, now=now)
    # A gap begins after an id that the client has. Nobody knows which; this one is below `first`.
    before_first = id_at(timestamp_of(first))
    return Replay(newest, Gap(before_first, newest[0].id if newest else None))


def _missed(prices: PriceTable, known: Arrival, *, now: float) -> list[Arrival]:
    """What arrived after `known`, in order of arrival; one more than MAX_REPLAY means too many."""
    token, after = known.update.token, known.update.id
    later = prices.arrivals_after(token, after, limit=MAX_REPLAY + 1, now=now)
    late = prices.late_arrivals(
        token,
        since=id_at(timestamp_of(after) - LATE_SECONDS),
        below=after,
        from_ms=known.arrived_at_ms - PUBLISH_MS,
        limit=MAX_REPLAY + 1,
        now=now,
    )
    return sorted(late + later, key=_arrival_order)


def _arrival_order(arrival: Arrival) -> tuple[int, str]:
    return arrival.arrived_at_ms, arrival.update.id
