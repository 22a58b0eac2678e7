"""The release of suspects: the order to look at one again, and what is done then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from functions.glow import log
from functions.glow.fields import Json
from functions.glow.prices.row import Arrival
from functions.glow.prices.table import PriceTable
from functions.glow.queues.later import Later, LaterQueue
from functions.glow.token import parse_token
from functions.glow.trades.gate import RELEASE_SECONDS, witness_of
from functions.glow.trades.intake import REPUBLISH_WITHIN_MS
from functions.glow.trades.routed import RoutedPublisher
from functions.glow.update import Update, parse_id

# Far more than a token has in RELEASE_SECONDS; the first one that decides is among them.
_MAX_ROWS: Final = 1_000


@dataclass(frozen=True, slots=True)
class ReleaseQueue:
    """Sends the orders."""

    queue: LaterQueue

    def release_later(self, suspects: Sequence[Update]) -> None:
        orders = [ReleaseOrder(suspect.token, suspect.id).to_later() for suspect in suspects]
        self.queue.add(orders, delay_seconds=RELEASE_SECONDS)


@dataclass(frozen=True, slots=True)
class ReleaseOrder:
    """Release the suspect with this id, if nothing contradicted it."""

    token: str
    id: str

    def to_later(self) -> Later:
        return Later("release", {"token": self.token, "id": self.id})


def parse_release(fields: Json) -> ReleaseOrder:
    """Read a message back. Raises BadRequest."""
    return ReleaseOrder(
        parse_token(fields.get("token"), where="token"), parse_id(fields.get("id"), where="id")
    )


@dataclass(frozen=True, slots=True)
class Release:
    """Carries orders out. Raises Unavailable: then the order comes again.

    One that comes again finds a row that is no suspect any more, and publishes it once more. So
    nothing is lost where a release was stored, but its publisher died; a room and the queues drop
    what they have seen.
    """

    prices: PriceTable
    max_jump: int
    published: RoutedPublisher

    def run(self, order: ReleaseOrder, *, now: float) -> None:
        rows = self.prices.from_slot_of(order.token, order.id, limit=_MAX_ROWS, now=now)
        row = next((row for row in rows if row.update.id == order.id), None)
        if row is None:
            return  # it has expired
        due = self._due(row, rows, now=now)
        if not due:
            return
        self.published.routes.refresh()
        self.published.publish(due)
        log.info("suspects_released", token=order.token, ids=[update.id for update in due])

    def _due(self, row: Arrival, rows: Sequence[Arrival], *, now: float) -> list[Update]:
        """What is to be published."""
        if row.jumped_from is None:
            is_young = now * 1000 - row.arrived_at_ms < REPUBLISH_WITHIN_MS
            return [row.update] if is_young else []
        witness = witness_of(row, rows, max_jump=self.max_jump) if self.max_jump else None
        if witness is not None and witness.testimony == "contradicts":
            by = witness.arrival.update.id
            log.warning("suspect_contradicted", token=row.update.token, id=row.update.id, by=by)
            return []
        released = [row.update]
        if witness is not None and witness.arrival.jumped_from is not None:
            released.append(witness.arrival.update)  # both came at once, so neither saw the other
        self.prices.release(released, now=now)
        return released
