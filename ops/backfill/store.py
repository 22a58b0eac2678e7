"""Stores what a backfill finds, by the webhook's own parser, gate and conditional write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from functions.glow.errors import Unavailable
from functions.glow.fields import Json
from functions.glow.prices.row import Details
from functions.glow.prices.table import Appended, Duplicate, NotStored, PriceTable, Stored
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.trades.gatekeeper import Gatekeeper, Judged
from functions.glow.trades.intake import REPUBLISH_WITHIN_MS
from functions.glow.trades.parse import Trade, parse_transactions
from functions.glow.update import Update
from functions.glow.usd import Dollars
from ops.errors import OpsError

Publish = Callable[[Sequence[Update]], None]


@dataclass
class Tally:
    """What became of the transactions. `suspects` were stored, but are kept from every reader."""

    transactions: int = 0
    stored: int = 0
    duplicates: int = 0
    suspects: int = 0
    published: int = 0
    missing: int = 0
    skipped: Counter[str] = field(default_factory=Counter[str])


@dataclass(frozen=True)
class Store:
    """`tokens` are those that are stored; empty: all. `publish` is None where clients are not to hear.
    `dollars` know today's rate alone, so older trades get no price in dollars.

    A price that jumps stays a suspect unless the next trade of the backfill agrees: whether what came
    live contradicts it, the gate cannot tell, since that came before.
    """

    prices: PriceTable
    gate: Gatekeeper
    known_tokens: KnownTokens
    tokens: frozenset[str]
    retention_seconds: int
    dollars: Dollars
    publish: Publish | None
    tally: Tally = field(default_factory=Tally)

    def take(self, transactions: Sequence[Json], *, now: float) -> None:
        """Store their trades; `transactions` are in the order of the chain. Raises OpsError."""
        parsed = parse_transactions(transactions, tokens=self.tokens, now=now, dollars=self.dollars)
        self.tally.transactions += len(transactions)
        self.tally.skipped.update(skip.reason for skip in parsed.skipped)
        try:
            self._store([_marked(trade) for trade in parsed.trades], now)
        except Unavailable as error:
            raise OpsError(
                f"{error}. What was found until then is stored: run it again, and it goes on there."
            ) from error

    def _store(self, trades: Sequence[Trade], now: float) -> None:
        verdict = self.gate.judge(trades, now=now)
        for _, error in verdict.unjudged:
            raise error
        self.prices.release(verdict.released, now=now)
        updates = [judged.trade.update for judged in verdict.judged]
        appended = self.prices.append_all(
            updates,
            [_details(judged) for judged in verdict.judged],
            now=now,
            retention_seconds=self.retention_seconds,
        )
        self._note(updates, now)
        due = list(verdict.released)
        for judged, outcome in zip(verdict.judged, appended, strict=True):
            if self._counted(judged, outcome, now):
                due.append(judged.trade.update)
        if self.publish is not None and due:
            self.publish(due)
            self.tally.published += len(due)

    def _counted(self, judged: Judged, outcome: Appended, now: float) -> bool:
        """Count it; whether clients may not have heard it. A repeat may be of a run that was cut off."""
        if isinstance(outcome, NotStored):
            raise outcome.error
        if isinstance(outcome, Duplicate):
            self.tally.duplicates += 1
            is_young = now * 1000 - outcome.arrived_at_ms < REPUBLISH_WITHIN_MS
            return is_young and outcome.jumped_from is None
        if not isinstance(outcome, Stored):
            self.tally.skipped["id_taken"] += 1
            return False
        if judged.jumped_from is not None:
            self.tally.suspects += 1
            return False
        self.tally.stored += 1
        return True

    def _note(self, updates: Sequence[Update], now: float) -> None:
        """Tell the tokens to those who move them between the paths."""
        tokens = self.known_tokens.unnoted((update.token for update in updates), now=now)
        if tokens:
            self.known_tokens.note(tokens, now=now)


def _marked(trade: Trade) -> Trade:
    return replace(trade, update=replace(trade.update, source="backfill"))


def _details(judged: Judged) -> Details:
    return Details(
        index_in_block=judged.trade.index_in_block,
        jumped_from=judged.jumped_from,
    )
