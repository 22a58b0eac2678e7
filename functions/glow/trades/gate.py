"""The gate: a price that is too far from the last one is a suspect, kept back until others agree.

It guards against mistakes of our own parser, which are lone prices among right ones. It is no guard
against manipulation: whoever trades twice at such a price is believed.

- A suspect is `max_jump` times above or below the newest price before it that is no suspect, of a
  trade at most an hour apart. Without one there is no gate.
- The next trade decides. It agrees if it is nearer to the suspect than to the price from which that
  jumped, and not `max_jump` from it: both are released. If it is nearer to the older price, it
  contradicts: the suspect stays one for ever. A trade too far from both is a suspect itself and
  decides nothing, nor does a trade of an earlier slot.
- What nothing contradicts within RELEASE_SECONDS is released: a rug pull's last trade counts.

A quote (source "jupiter") is no trade: it is nobody's neighbour, agrees with nothing and contradicts
nothing.

What was decided is read from the rows, never stored. So it does not matter how often, or by whom, it
is asked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Literal

from functions.glow.prices.row import Arrival, in_trade_order
from functions.glow.update import Update, place_of

WINDOW_SECONDS: Final = 60 * 60
RELEASE_SECONDS: Final = 10

Testimony = Literal["agrees", "contradicts"]


@dataclass(frozen=True, slots=True)
class Witness:
    """The trade that decided over a suspect, and how."""

    arrival: Arrival
    testimony: Testimony


@dataclass(frozen=True, slots=True)
class Passage:
    """The prices in SOL from which a token's trades jumped, None for each that passes; and the
    stored suspects that they release, in the order in which they came."""

    jumped_from: Sequence[Decimal | None]
    released: Sequence[Update]


def pass_gate(
    trades: Sequence[Update], stored: Sequence[Arrival], *, max_jump: int, now_ms: int
) -> Passage:
    """Decide over `trades` of one token, in trade order, that come at `now_ms`; `stored` are its
    newest rows. A trade that is among them decides nothing again."""
    rows = {row.update.id: row for row in sorted(stored, key=lambda row: row.came)}
    suspects = [row.update for row in rows.values() if row.jumped_from is not None]
    for index, trade in enumerate(trades):
        if trade.id in rows:
            continue
        arrival = Arrival(trade, now_ms, index_in_body=index)
        released = [
            row for row in rows.values() if _releases(arrival, row, rows.values(), max_jump)
        ]
        rows |= {row.update.id: replace(row, jumped_from=None) for row in released}
        jump = None if released else _jump(trade, rows.values(), max_jump)
        rows[trade.id] = replace(arrival, jumped_from=jump)
    return Passage(
        jumped_from=[rows[trade.id].jumped_from for trade in trades],
        released=[suspect for suspect in suspects if rows[suspect.id].jumped_from is None],
    )


def witness_of(suspect: Arrival, rows: Iterable[Arrival], *, max_jump: int) -> Witness | None:
    """The first of `rows` that decides over `suspect`; None: nothing has yet."""
    for row in sorted(rows, key=lambda row: row.came):
        testimony = _testimony(row, suspect, max_jump)
        if testimony is not None:
            return Witness(row, testimony)
    return None


def _releases(arrival: Arrival, row: Arrival, rows: Iterable[Arrival], max_jump: int) -> bool:
    """Whether `row` is a suspect that `arrival` agrees with, and none of `rows` contradicted."""
    if _testimony(arrival, row, max_jump) != "agrees":
        return False
    witness = witness_of(row, rows, max_jump=max_jump)
    return witness is None or witness.testimony == "agrees"


def _testimony(row: Arrival, suspect: Arrival, max_jump: int) -> Testimony | None:
    older = suspect.jumped_from
    if row.is_quote or older is None or row.came <= suspect.came or row.place < suspect.place:
        return None
    from_suspect = _factor(row.update.price, suspect.update.price)
    from_older = _factor(row.update.price, older)
    if from_suspect < from_older:
        return "agrees" if from_suspect < max_jump else None
    return "contradicts" if row.jumped_from is None and from_older < max_jump else None


def _jump(trade: Update, rows: Iterable[Arrival], max_jump: int) -> Decimal | None:
    """The price that `trade` is too far from, if it is."""
    plain = in_trade_order([row for row in rows if row.jumped_from is None and not row.is_quote])
    before = [row for row in plain if row.place <= place_of(trade.id)]
    # A late trade may be older than all rows that were read. Then the next one after it counts.
    neighbour = (before[-1:] or plain[:1] or [None])[0]
    if neighbour is None or abs(neighbour.update.timestamp - trade.timestamp) > WINDOW_SECONDS:
        return None
    price = neighbour.update.price
    return price if _factor(trade.price, price) >= max_jump else None


def _factor(price: Decimal, other: Decimal) -> Decimal:
    """How many times the larger of the two is the smaller; 1 if they are equal."""
    return max(price, other) / min(price, other)
