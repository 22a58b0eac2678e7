"""A row of the price table, and the order of rows: the last one is the newest price."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeVar

from functions.glow.update import Update, place_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What is stored beside an update. None means that it is not known.

    `index_in_block` is the transaction's place in its slot. `jumped_from` marks a suspect: the price
    in SOL that it is too far from (trades/gate.py).
    """

    index_in_block: int | None = None
    jumped_from: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A stored update and when it came: at `arrived_at_ms`, as number `index_in_body` of those that
    came at once. A suspect that is released comes at that moment."""

    update: Update
    arrived_at_ms: int
    index_in_body: int = 0
    index_in_block: int | None = None
    jumped_from: Decimal | None = None

    @property
    def came(self) -> tuple[int, int]:
        """The place in the order of arrival."""
        return (self.arrived_at_ms, self.index_in_body)

    @property
    def is_quote(self) -> bool:
        """Whether it is what somebody said, and no trade."""
        return self.update.source == "jupiter"

    @property
    def place(self) -> str:
        return place_of(self.update.id)


class Placed(Protocol):
    """What the order of trades depends on."""

    @property
    def place(self) -> str: ...

    @property
    def index_in_block(self) -> int | None: ...

    @property
    def came(self) -> tuple[int, int]: ...


PlacedT = TypeVar("PlacedT", bound=Placed)


def in_trade_order(arrivals: Sequence[PlacedT]) -> list[PlacedT]:
    """By time and slot. Inside a slot by the place in the block, if that is known of all its trades;
    else as they arrived."""
    by_arrival = {arrival.place for arrival in arrivals if arrival.index_in_block is None}

    def key(arrival: PlacedT) -> tuple[str, int, tuple[int, int]]:
        index = None if arrival.place in by_arrival else arrival.index_in_block
        return (arrival.place, index or 0, arrival.came)

    return sorted(arrivals, key=key)


def newest_of(arrivals: Sequence[Arrival]) -> Arrival | None:
    """The newest price: the last in trade order."""
    return in_trade_order(arrivals)[-1] if arrivals else None
