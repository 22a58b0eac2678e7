"""What a new subscriber is told of its tokens: the newest price, or a replay."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from functions.glow.prices.replay import Gap, Replay, replay
from functions.glow.prices.table import PriceTable
from functions.glow.runtime.aws import MAX_CONCURRENT_CALLS
from functions.glow.runtime.parallel import in_parallel
from functions.glow.sockets import messages
from functions.glow.sockets.commands import Wanted
from functions.glow.sockets.frames import frames
from functions.glow.update import Update

# 100 tokens that were away for long would be 50,000 updates, which no function posts in its time.
MAX_UPDATES: Final = 2_000


def opening(prices: PriceTable, wanted: Sequence[Wanted], *, now: float) -> list[str]:
    """The messages, in order. `delivery=latest` wants no history: it gets the newest price.

    Once MAX_UPDATES are found, the tokens that follow get a GAP and their newest price.
    """
    gaps: list[str] = []
    updates: list[Update] = []
    for start in range(0, len(wanted), MAX_CONCURRENT_CALLS):
        some = wanted[start : start + MAX_CONCURRENT_CALLS]
        read = _from_the_newest if len(updates) >= MAX_UPDATES else _from_where_it_was
        for one, found in zip(some, in_parallel(partial(read, prices, now), some), strict=True):
            if found.gap is not None:
                gaps.append(messages.gap(one.token, found.gap))
            updates += found.updates
    return [*gaps, *frames(updates)]


def _from_where_it_was(prices: PriceTable, now: float, wanted: Wanted) -> Replay:
    if wanted.replayed_after is None:
        return _from_the_newest(prices, now, wanted)
    return replay(prices, wanted.token, wanted.replayed_after, now=now)


def _from_the_newest(prices: PriceTable, now: float, wanted: Wanted) -> Replay:
    newest = prices.newest(wanted.token, now=now)
    found = [] if newest is None else [newest]
    if wanted.replayed_after is None:
        return Replay(found, None)
    return Replay(found, Gap(wanted.replayed_after, None if newest is None else newest.id))
