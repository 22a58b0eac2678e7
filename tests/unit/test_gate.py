"""The gate: which prices are suspects, and what releases or contradicts them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from functions.glow.prices.row import Arrival
from functions.glow.trades.gate import WINDOW_SECONDS, Testimony, pass_gate, witness_of
from functions.glow.update import Update

SECOND = 1_750_000_000
NOW_MS = SECOND * 1_000
MAX_JUMP = 20


def a_trade(price: str, *, slot: int = 500, seconds: int = 0) -> Update:
    name = f"{price}at{slot}".replace(".", "x")
    return Update("SOL", Decimal(price), SECOND + seconds, slot, name)


def a_row(price: str, *, slot: int, jumped_from: str | None = None, seconds: int = 0) -> Arrival:
    """A stored row; those of higher slots came later."""
    return Arrival(
        a_trade(price, slot=slot, seconds=seconds),
        NOW_MS - 1_000 + slot,
        jumped_from=None if jumped_from is None else Decimal(jumped_from),
    )


def decide(prices: Sequence[str], stored: Sequence[Arrival]) -> tuple[list[str], list[str]]:
    """The prices that pass, of trades one slot apart, and those of the rows that they release."""
    trades = [a_trade(price, slot=500 + index) for index, price in enumerate(prices)]
    passage = pass_gate(trades, stored, max_jump=MAX_JUMP, now_ms=NOW_MS)
    passed = [
        str(trade.price)
        for trade, jump in zip(trades, passage.jumped_from, strict=True)
        if jump is None
    ]
    return passed, [str(update.price) for update in passage.released]


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    prices: Sequence[str]
    stored: Sequence[Arrival] = (a_row("1", slot=1),)
    passes: Sequence[str] = ()
    releases: Sequence[str] = ()


OPEN = (a_row("1", slot=1), a_row("100", slot=2, jumped_from="1"))
CONTRADICTED = (*OPEN, a_row("1.1", slot=3))

CASES = (
    Case(name="no price yet: no gate", stored=(), prices=["7"], passes=["7"]),
    Case(name="just below the jump", prices=["19.9"], passes=["19.9"]),
    Case(name="the jump up", prices=["20"]),
    Case(name="just below the jump down", prices=["0.051"], passes=["0.051"]),
    Case(name="the jump down", prices=["0.05"]),
    Case(
        name="a price of more than an hour ago: no gate",
        stored=[a_row("1", slot=1, seconds=-WINDOW_SECONDS - 1)],
        prices=["100"],
        passes=["100"],
    ),
    Case(
        name="a price of an hour ago counts",
        stored=[a_row("1", slot=1, seconds=-WINDOW_SECONDS)],
        prices=["100"],
    ),
    Case(
        name="the next trade agrees",
        stored=OPEN,
        prices=["90"],
        passes=["90"],
        releases=["100"],
    ),
    Case(
        name="between the two, nearer to the suspect: agrees",
        stored=OPEN,
        prices=["11"],
        passes=["11"],
        releases=["100"],
    ),
    Case(name="between the two, nearer to the older one", stored=OPEN, prices=["9"], passes=["9"]),
    Case(name="contradicted, so one more like it is alone", stored=CONTRADICTED, prices=["100"]),
    Case(
        name="contradicted suspects are no price to measure by",
        stored=CONTRADICTED,
        prices=["1.2"],
        passes=["1.2"],
    ),
    Case(name="too far from both", stored=OPEN, prices=["9000"]),
    Case(name="in one body the second agrees", prices=["100", "110"], passes=["100", "110"]),
    Case(name="in one body the second contradicts", prices=["100", "1"], passes=["1"]),
    Case(
        name="in one body: contradicted, then another one that is agreed with",
        prices=["100", "1", "50", "60"],
        passes=["1", "50", "60"],
    ),
    Case(
        name="a late trade is measured by what came before it",
        stored=[a_row("100", slot=499), a_row("1", slot=600)],
        prices=["90"],
        passes=["90"],
    ),
    Case(
        name="a late trade before all that is known is measured by the next one",
        stored=[a_row("1", slot=600)],
        prices=["90"],
    ),
    Case(
        name="a trade of an earlier slot decides nothing",
        stored=[a_row("1", slot=1), a_row("100", slot=600, jumped_from="1")],
        prices=["90"],
    ),
    Case(
        name="two suspects that were stored at once agree with the third",
        stored=[*OPEN, a_row("101", slot=3, jumped_from="1")],
        prices=["90"],
        passes=["90"],
        releases=["100", "101"],
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_trades_pass_and_release_as_the_table_says(case: Case) -> None:
    assert decide(case.prices, case.stored) == ([*case.passes], [*case.releases])


def test_trade_that_is_stored_decides_nothing_again() -> None:
    suspect = a_row("100", slot=2, jumped_from="1")

    passage = pass_gate(
        [suspect.update], [a_row("1", slot=1), suspect], max_jump=MAX_JUMP, now_ms=NOW_MS
    )

    assert passage.released == []


@pytest.mark.parametrize(
    ("rows", "testimony"),
    [
        ((), None),
        ((a_row("1", slot=1),), None),
        ((a_row("1", slot=3),), "contradicts"),
        ((a_row("100", slot=3),), "agrees"),
        ((a_row("100", slot=3, jumped_from="1"),), "agrees"),
        ((a_row("1", slot=3, jumped_from="100"),), None),
        ((a_row("9000", slot=3),), None),
        ((a_row("100", slot=3), a_row("1", slot=4)), "agrees"),
        ((a_row("1", slot=3), a_row("100", slot=4)), "contradicts"),
    ],
)
def test_first_that_decides_over_a_suspect_is_its_witness(
    rows: Sequence[Arrival], testimony: Testimony | None
) -> None:
    suspect = a_row("100", slot=2, jumped_from="1")

    witness = witness_of(suspect, [*reversed(rows), suspect], max_jump=MAX_JUMP)

    assert (witness and witness.testimony) == testimony


def test_trade_of_the_slot_that_came_before_the_suspect_does_not_contradict_it() -> None:
    suspect = a_row("100", slot=2, jumped_from="1")
    before = replace(a_row("1", slot=2), arrived_at_ms=suspect.arrived_at_ms - 1)

    assert witness_of(suspect, [before], max_jump=MAX_JUMP) is None


def a_quote(price: str, *, slot: int) -> Arrival:
    row = a_row(price, slot=slot)
    update = replace(row.update, source="jupiter", tx_signature=f"jupiter{slot}")
    return replace(row, update=update)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("quoted", ["0.0001", "1", "100", "9000"])
def test_quotes_change_nothing_for_trades(case: Case, quoted: str) -> None:
    """Whatever they say, and whenever they came."""
    last = max((int(row.update.slot) for row in case.stored), default=0)
    quotes = [a_quote(quoted, slot=slot) for slot in (*range(1, last + 1), last + 1, 499)]

    assert decide(case.prices, [*case.stored, *quotes]) == ([*case.passes], [*case.releases])


@pytest.mark.parametrize("quoted", ["1", "100"])
def test_quote_is_no_witness_over_a_suspect(quoted: str) -> None:
    suspect = a_row("100", slot=2, jumped_from="1")

    assert witness_of(suspect, [a_quote(quoted, slot=3)], max_jump=MAX_JUMP) is None
