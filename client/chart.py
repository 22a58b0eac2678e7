"""What `Feed.candles` returns: history from the stack, then each trade as it comes.

The join is a second, `_own_from`: what lies before it is the stack's, each trade from there on is counted
here, once. It is the start of the minute that ran when the chart began; the trades of that minute so far
are read one by one, and told from those that are heard by their ids. Of the candle in which it lies the
part before (`_base`) is joined of the stack's minutes.

A candle that is over, and one that a trade came late for, is read again, and what the stack says replaces
what is here. That changes nothing if it was right, so it is done whenever there is a doubt.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from .backoff import LASTING_SECONDS, Backoff
from .candle import SECONDS, Candle, ChartCandle, Currency, GrowingCandle, Interval, joined
from .errors import ClientError, Refused, Unreachable
from .follower import Follower
from .host import LOG, Host, tell
from .rest import RestApi
from .scope import Scope
from .state import State
from .update import Price, Update, id_at

_MINUTE: Final = 60
_QUOTE: Final = "jupiter"  # nobody traded at it
_DELIVERING: Final = ("live", "moving", "polling")

# The stack's rows follow their trades within about six seconds.
_ROWS_SECONDS: Final = 10.0
# So that not all clients read in the same second after the end of a candle.
_SPREAD_SECONDS: Final = 5.0
# Longer than rows are behind and a read takes: what came before is in what is read.
_KEPT_SECONDS: Final = 180.0
# So far back is read what came while nobody listened.
_LATE_SECONDS: Final = 600


@dataclass(frozen=True, kw_only=True)
class ChartWishes:
    """How an app draws a chart."""

    interval: Interval
    currency: Currency
    limit: int
    on_candle: Callable[[ChartCandle], object]
    on_state: Callable[[State], object] | None
    on_error: Callable[[ClientError], object] | None


class Follow(Protocol):
    """Follows the token of the chart."""

    def __call__(
        self, *, on_price: Callable[[Price], object], on_state: Callable[[State], object]
    ) -> Follower: ...


class Chart:
    """A chart of a feed, kept until `close()`. Made by `Feed.candles`."""

    def __init__(
        self, token: str, wishes: ChartWishes, rest: RestApi, host: Host, follow: Follow
    ) -> None:
        self.token: Final = token
        self._wishes = wishes
        self._seconds = SECONDS[wishes.interval]
        self._rest = rest
        self._scope = Scope(host)
        self._last: State | None = None  # what the feed said last
        self._stage: Literal["waiting", "beginning", "running"] = "waiting"
        self._turn = asyncio.Lock()  # reads run one after the other
        # Before the chart has begun, in the last minutes: when each was heard.
        self._arrivals: deque[tuple[float, Update]] = deque()
        self._own_from = 0
        self._settled_until = 0  # candles that begin before this second are the stack's
        self._base: Candle | None = None
        self._growing: dict[int, GrowingCandle] = {}  # by time
        self._read: set[str] = set()  # ids of the trades that were read, which may be heard again
        self._told: dict[int, Candle] = {}  # by time
        # From where is read when the timer fires, and from where after that.
        self._due: int | None = None
        self._due_later: int | None = None
        self._follower = follow(on_price=self._hear, on_state=self._note)

    @property
    def state(self) -> State:
        """The current state."""
        return self._follower.state

    def close(self) -> None:
        """End this chart. None of its functions is called after the state `closed`."""
        self._follower.close()

    # What the feed tells

    def _note(self, state: State) -> None:
        last, self._last = self._last, state
        if state.state == "closed":
            self._scope.end()
        elif state.state in _DELIVERING:
            # The same state once more says that prices were left out.
            is_repeated = last and (last.state, last.path) == (state.state, state.path)
            if self._stage == "waiting" or is_repeated:
                self._stage = "beginning"
                self._start(self._begin)
            elif self._stage == "running":
                self._doubt(max(self._told, default=self._own_from) - _LATE_SECONDS)
        tell(self._wishes.on_state, state)

    def _hear(self, price: Price) -> None:
        update = price.update
        if self._stage != "running":
            self._keep(update)
        elif update.id not in self._read:
            self._tell_running(self._add(update))

    def _keep(self, update: Update) -> None:
        now = self._scope.host.now
        self._arrivals.append((now, update))
        while self._arrivals[0][0] < now - _KEPT_SECONDS:
            self._arrivals.popleft()

    def _add(self, update: Update) -> int | None:
        """Add a trade to its candle. Return the time of that, if it has become another one."""
        time = self._start_of(update.timestamp)
        if update.source == _QUOTE:
            return None
        if update.timestamp < self._own_from or time < self._settled_until:
            self._doubt(time)
            return None
        if time not in self._growing:
            self._growing[time] = GrowingCandle(time, self._wishes.currency)
            self._doubt_at_end(time)
        self._growing[time].add(update, self._scope.host.now)
        return time

    # Reading

    async def _begin(self) -> None:
        """Read all, from the history on, and join what comes live to it."""
        backoff = Backoff(self._scope.host.random)
        fails_at, is_said = self._scope.host.now + LASTING_SECONDS, False
        while True:
            try:
                if await self._read_all():
                    return
            except Unreachable as error:  # as when an interval ended: once more, after a wait
                if not is_said and self._scope.host.now >= fails_at:
                    is_said = True
                    # No state says it: prices may well arrive.
                    LOG.warning("%s: no chart: %s", self.token, error)
            await asyncio.sleep(backoff.next_seconds())

    async def _read_all(self) -> bool:
        """Return False if an interval ended between two answers."""
        candles, now = await self._candles(limit=self._wishes.limit)
        last = candles[-1] if candles else None
        is_running = last is not None and last.running
        minutes: Sequence[Candle] = []
        if last is not None and is_running:
            is_minute = self._wishes.interval == "1m"
            minutes = [last] if is_minute else await self._minutes(last.time)
            own_from = _running_minute(minutes, last.time)
            if self._start_of(own_from) != last.time:
                return False
        else:
            end = 0 if last is None else last.time + self._seconds
            own_from = max(end, now - now % _MINUTE - _MINUTE)
        trades = await self._trades(own_from)

        is_history = not self._told
        self._own_from = own_from
        over = 0 if is_running else self._seconds
        self._settled_until = 0 if last is None else last.time + over
        self._join(minutes)
        self._growing.clear()
        self._read = {trade.id for trade in trades}
        for candle in candles:
            if not candle.running:
                self._tell(candle, is_history=is_history)
        arrivals = [
            update
            for _, update in self._arrivals
            if update.source != _QUOTE and update.id not in self._read
        ]
        self._arrivals.clear()
        self._stage = "running"
        for trade in [*trades, *arrivals]:
            if trade.timestamp >= own_from:
                self._add(trade)
        if self._base is not None and self._base.time not in self._growing:
            self._doubt_at_end(self._base.time)
        base = [] if self._base is None else [self._base.time]
        for time in sorted({*base, *self._growing}):
            self._tell_running(time, is_history=is_history)
        # Rows follow their trades, so some were on their way.
        early = [update.timestamp for update in arrivals]
        self._doubt(min([own_from - _LATE_SECONDS, *early]))
        return True

    async def _read_again(self, from_: int) -> None:
        """Read what the stack says of the candles from second `from_` on."""
        asked_at = self._scope.host.now
        candles, _ = await self._candles(from_=max(0, self._start_of(from_)))
        base_time = self._start_of(self._own_from)
        is_over = any(each.time >= base_time and not each.running for each in candles)
        has_base = self._settled_until <= base_time < self._own_from
        if from_ < self._own_from and has_base and not is_over:
            self._join(await self._minutes(base_time))
            self._tell_running(base_time)
        for candle in candles:
            if candle.running:
                continue
            growing = self._growing.pop(candle.time, None)
            # A trade that came shortly before may not be in its row yet.
            if growing is not None and growing.heard_at > asked_at - _ROWS_SECONDS:
                self._doubt(candle.time)
            self._settled_until = max(self._settled_until, candle.time + self._seconds)
            self._tell(candle)

    def _doubt(self, from_: int) -> None:
        """Read the candles from second `from_` on once more, when their rows must have what came until now."""
        if self._due is not None:
            self._due_later = from_ if self._due_later is None else min(self._due_later, from_)
            return
        self._due = from_

        def act() -> None:
            later = self._due_later
            both = from_ if later is None else min(from_, later)

            async def read() -> None:
                try:
                    await self._read_again(both)
                except Unreachable:
                    self._doubt(both)

            self._start(read)
            self._due = self._due_later = None
            if later is not None:
                self._doubt(later)

        self._scope.later(_ROWS_SECONDS + self._scope.host.random() * _SPREAD_SECONDS, act)

    def _doubt_at_end(self, time: int) -> None:
        """`time` is that of a candle."""
        left = self._rest.seconds_until(time + self._seconds)
        delay = self._seconds if left is None else max(0.0, left)
        self._scope.later(delay, lambda: self._doubt(time))

    def _start(self, read: Callable[[], Awaitable[None]]) -> None:
        """Do it after the reads that run."""

        async def run() -> None:
            async with self._turn:
                try:
                    await read()
                except Refused as refusal:
                    self._follower.end(str(refusal), refusal)
                    self._follower.close()

        self._scope.start(run())

    async def _candles(
        self, *, from_: int | None = None, limit: int | None = None
    ) -> tuple[list[Candle], int]:
        """Candles, and the second of the stack's clock; 0 if that is not known."""
        wishes = self._wishes
        return await self._rest.candles(
            self.token, wishes.interval, wishes.currency, from_=from_, limit=limit
        )

    async def _minutes(self, time: int) -> list[Candle]:
        """Those of the candle that begins at `time`, and later ones.

        Without an end, because caches keep an answer about the past longer.
        """
        found, _ = await self._rest.candles(self.token, "1m", self._wishes.currency, from_=time)
        return found

    async def _trades(self, from_: int) -> list[Update]:
        """All from second `from_` on."""
        trades: list[Update] = []
        after: str | None = id_at(from_)
        while after is not None:
            page = await self._rest.page(self.token, after)
            trades += page.updates
            after = page.next
        return trades

    # Telling

    def _join(self, minutes: Sequence[Candle]) -> None:
        before = [minute for minute in minutes if minute.time < self._own_from]
        self._base = joined(self._start_of(self._own_from), before) if before else None

    def _tell_running(self, time: int | None, *, is_history: bool = False) -> None:
        """`time` is that of a candle that is not the stack's alone."""
        if time is None:
            return
        base = [self._base] if self._base is not None and self._base.time == time else []
        own = [self._growing[time].candle] if time in self._growing else []
        if base or own:
            self._tell(joined(time, [*base, *own]), is_history=is_history)

    def _tell(self, candle: Candle, *, is_history: bool = False) -> None:
        if not self._scope.is_over and self._told.get(candle.time) != candle:
            self._told[candle.time] = candle
            tell(self._wishes.on_candle, ChartCandle(candle, is_history))

    def _start_of(self, second: int) -> int:
        return second - second % self._seconds


def _running_minute(minutes: Sequence[Candle], from_: int) -> int:
    """The start of the minute that is not over; `minutes` are those from second `from_` on."""
    if not minutes:
        return from_
    last = minutes[-1]
    return last.time if last.running else last.time + _MINUTE
