# ruff: noqa: ARG002, S311 - tables in memory need not look at all; a replay is no secret
"""Roll-ups come to the candles that the trades make, whatever happens on the way."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.glow.candles.candle import Candle, Trade
from functions.glow.candles.intervals import SECONDS, Series
from functions.glow.candles.roll import RollUp, Span, minute_of
from functions.glow.candles.table import CandleRow
from functions.glow.errors import Unavailable
from functions.glow.prices.row import in_trade_order
from functions.glow.update import place_of, update_id
from tests.unit.expected_candles import expected

NOW = 1_750_003_200.0  # 30 days of raw rows lie before it
RETENTION_SECONDS = 365 * 86_400
START = 1_750_000_000 - 1_750_000_000 % 3_600
TOKEN = "TOKEN"


class KilledError(Exception):
    """The process is gone: its batch comes again as a whole."""


@dataclass
class World:
    """Both tables in memory. `interrupt` runs between a read and what is done with it: as if another
    process worked there. It may raise Unavailable, as if the table had not answered, or KilledError."""

    trades: dict[str, Trade] = field(default_factory=dict[str, Trade])
    rows: dict[tuple[str, str, int], CandleRow] = field(
        default_factory=dict[tuple[str, str, int], CandleRow]
    )
    interrupt: Callable[[], None] = lambda: None
    reads: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def roll_up(self) -> RollUp:
        return RollUp(self, self, retention_seconds=RETENTION_SECONDS)

    def of_minute(self, token: str, minute: int, *, now: float) -> Sequence[Trade]:
        with self.lock:
            self.reads += 1
            found = in_trade_order(
                [trade for trade in self.trades.values() if trade.timestamp // 60 * 60 == minute]
            )
        self.interrupt()
        return found

    def put(self, row: CandleRow, *, retention_seconds: int, now: float) -> bool:
        with self.lock:
            key = (row.token, row.series, row.candle.time)
            stored = self.rows.get(key)
            if stored is not None and stored.candle.trades > row.candle.trades:
                return False
            self.rows[key] = row
        self.interrupt()
        return True

    def range(
        self, token: str, series: Series, start: int, end: int, *, now: float, limit: int
    ) -> Sequence[Candle]:
        with self.lock:
            found = [
                row.candle
                for (_, of_series, time), row in sorted(self.rows.items())
                if of_series == series and start <= time < end
            ]
        self.interrupt()
        return found

    def candles(self, series: Series) -> list[Candle]:
        return [
            row.candle
            for (_, of_series, _), row in sorted(self.rows.items())
            if of_series == series
        ]


def a_trade(number: int, second: int, *, price: str = "1", usd: str | None = None) -> Trade:
    """`number` tells it from others, and is its slot and its place among the arrivals."""
    return Trade(
        place=place_of(update_id(START + second, number, "s")),
        index_in_block=None,
        came=(number, 0),
        timestamp=START + second,
        price=Decimal(price),
        price_usd=None if usd is None else Decimal(usd),
        amount=Decimal(number % 7) + Decimal("1e-20") if number % 5 else None,
        amount_sol=Decimal("1e30") + number,
        expires_at=START + second + 30 * 86_400,
    )


def assert_candles_are_those_of_the_trades(world: World) -> None:
    trades = list(world.trades.values())
    for series, seconds in SECONDS.items():
        assert world.candles(series) == expected(trades, seconds), series


def repeat_until_done(world: World, minutes: set[Span]) -> None:
    """As Lambda does with what a function reports as failed."""
    for _ in range(1_000):
        minutes = set(world.roll_up().run(minutes, now=NOW))
        if not minutes:
            return
    pytest.fail(f"never done: {minutes}")


trade_lists = st.lists(
    st.tuples(
        st.integers(0, 3 * 3_600 - 1),  # second; any order of arrival, so late ones too
        st.sampled_from(["1", "0.5", "2", "1.00000000000001"]),
        st.sampled_from([None, "150", "151.5"]),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(drawn=trade_lists, seed=st.integers(0, 2**32))
def test_candles_are_exact_whatever_comes_late_twice_or_out_of_turn_or_is_killed(
    drawn: list[tuple[int, str, str | None]], seed: int
) -> None:
    chance = random.Random(seed)
    world = World()
    waiting = [a_trade(n, second, price=p, usd=usd) for n, (second, p, usd) in enumerate(drawn)]
    told: list[Span] = []
    depth = threading.local()

    def store_some() -> None:
        for _ in range(chance.randrange(4)):
            if waiting:
                trade = waiting.pop()
                world.trades[trade.place] = trade
                told.append(minute_of(TOKEN, trade.timestamp))

    def another_process() -> None:
        if getattr(depth, "inside", False):
            return
        with world.lock:
            store_some()
            kills, overtakes = chance.random() < 0.1, chance.random() < 0.3
            some = set(chance.sample(told, min(len(told), 3)))
        if kills:
            raise Unavailable("killed")
        if overtakes and threading.current_thread() is threading.main_thread():
            depth.inside = True
            unfinished.update(world.roll_up().run(some, now=NOW))
            depth.inside = False

    unfinished: set[Span] = set()
    world.interrupt = another_process
    while waiting:
        store_some()
        batch = set(chance.sample(told, min(len(told), 3)))
        unfinished.update(world.roll_up().run(batch, now=NOW))
    left = [*told, *told[:3]]  # each is handed out, some twice, in any order
    chance.shuffle(left)
    for minute in left:
        unfinished |= world.roll_up().run({minute}, now=NOW)
    repeat_until_done(world, unfinished)
    world.interrupt = lambda: None
    repeat_until_done(world, set(told[-2:]))

    assert_candles_are_those_of_the_trades(world)


class Replay(World):
    """Finds the trades of a minute faster."""

    def __init__(self, interrupt: Callable[[], None]) -> None:
        super().__init__(interrupt=interrupt)
        self.by_minute: dict[int, list[Trade]] = defaultdict(list)

    def of_minute(self, token: str, minute: int, *, now: float) -> Sequence[Trade]:
        with self.lock:
            self.reads += 1
        found = in_trade_order(self.by_minute[minute])
        self.interrupt()
        return found


def test_replay_of_an_hour_of_fifty_trades_a_second_is_exact() -> None:
    """Over the turn of one. Of ten trades one is late by up to two minutes; each batch repeats one of
    an earlier one; of three or four roll-ups one is killed."""
    chance = random.Random(16)

    def kill_some() -> None:
        if chance.random() < 0.03:
            raise KilledError

    world, runs, kills = Replay(interrupt=kill_some), 0, 0
    trades = [
        a_trade(number, 3_000 + number // 50, price=str(chance.randint(1, 10**6)))
        for number in range(3_600 * 50)
    ]
    lateness = [chance.randrange(120) if chance.random() < 0.1 else 0 for _ in trades]
    arrivals = sorted(trades, key=lambda trade: trade.timestamp + lateness[trade.came[0]])

    for begin in range(0, len(arrivals), 2_000):
        batch = arrivals[begin : begin + 2_000]
        for trade in batch:
            world.by_minute[trade.timestamp // 60 * 60].append(trade)
        told = [*batch, chance.choice(arrivals[: begin + 2_000])]
        minutes = {minute_of(TOKEN, trade.timestamp) for trade in told}
        is_done = False
        while not is_done:
            runs += 1
            try:
                assert not world.roll_up().run(minutes, now=NOW)
                is_done = True
            except KilledError:
                kills += 1

    assert kills > 20
    assert world.reads <= runs * 5  # the running minute, at most three before it, the repeated one
    for series, seconds in SECONDS.items():
        assert world.candles(series) == expected(trades, seconds)


def test_batch_costs_one_computation_for_each_minute_that_it_names() -> None:
    world = World()
    for number in range(500):
        trade = a_trade(number, 0)
        world.trades[trade.place] = trade

    world.roll_up().run([minute_of(TOKEN, START)] * 500, now=NOW)

    assert world.reads == 1
    assert len(world.rows) == 3


def test_minute_in_its_last_day_is_left_as_it_is() -> None:
    """Its hour and day may have lost minutes by then."""
    world = World(trades={"": a_trade(1, 0)})
    last = START + RETENTION_SECONDS - 86_400

    world.roll_up().run([minute_of(TOKEN, START)], now=last)
    assert world.rows == {}
    world.roll_up().run([minute_of(TOKEN, START)], now=last - 1)
    assert len(world.rows) == 3


def test_row_of_a_minute_knows_when_its_first_trade_expires() -> None:
    first, second = a_trade(1, 5), replace(a_trade(2, 6), expires_at=START + 7)
    world = World(trades={"1": first, "2": second})

    world.roll_up().run([minute_of(TOKEN, START)], now=NOW)

    assert [row.first_expiry for row in world.rows.values()].count(START + 7) == 1
