"""What the webhook does with trades: store each once, publish what is new, say what came of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from functions.glow import log
from functions.glow.publish import Publisher
from functions.glow.routing import Path, paths
from functions.glow.store import Appended, Duplicate, IdTaken, NotStored, PriceStore, Stored
from functions.glow.trade import Skip, Trades
from functions.glow.update import Update

# Within the five minutes in which SQS drops what it has seen, so that healing a crash between
# store and publish never sends twice what was sent.
REPUBLISH_WITHIN_MS: Final = 4 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Receipt:
    """The webhook's answer: who sends the same body again sees why nothing moved."""

    stored: int
    duplicates: int
    skipped: Sequence[Skip]

    def to_dict(self) -> Mapping[str, object]:
        return {
            "status": "accepted",
            "stored": self.stored,
            "duplicates": self.duplicates,
            "skipped": [skip.to_dict() for skip in self.skipped],
        }


@dataclass(frozen=True, slots=True)
class Intake:
    """Stores, then publishes on the paths of each token."""

    store: PriceStore
    retention_seconds: int
    publishers: Mapping[Path, Publisher]
    edge_is_on: bool

    def take(self, trades: Trades, *, now: float) -> Receipt:
        """Store and publish `trades`; `now` is Unix time in seconds.

        What could be stored is published even if the rest could not; then, as after a failed
        publish, Unavailable is raised: the sender's next try finds duplicates and heals the rest.
        """
        # Stored first: Helius sends a slow answer's body again, and that must find the trade.
        appended = list(
            zip(
                trades.updates,
                self.store.append_all(
                    trades.updates, now=now, retention_seconds=self.retention_seconds
                ),
                strict=True,
            )
        )
        due = [update for update, outcome in appended if _is_due(outcome, now)]
        self._publish(due)
        for update, outcome in appended:
            _log(update, outcome, now)
        for _, outcome in appended:
            if isinstance(outcome, NotStored):
                raise outcome.error
        taken = [
            Skip(update.tx_signature, update.token, "id_taken", f"by {outcome.tx_signature}")
            for update, outcome in appended
            if isinstance(outcome, IdTaken)
        ]
        return Receipt(
            stored=sum(isinstance(outcome, Stored) for _, outcome in appended),
            duplicates=sum(isinstance(outcome, Duplicate) for _, outcome in appended),
            skipped=[*trades.skipped, *taken],
        )

    def _publish(self, updates: Sequence[Update]) -> None:
        by_path: defaultdict[Path, list[Update]] = defaultdict(list)
        for update in updates:
            for path in paths(edge_is_on=self.edge_is_on, token=update.token):
                by_path[path].append(update)
        for path, routed in by_path.items():
            self.publishers[path].publish(routed)


def _is_due(outcome: Appended, now: float) -> bool:
    """Whether the update is to be published: it is new, or perhaps never was."""
    if isinstance(outcome, Duplicate):
        return now * 1000 - outcome.arrived_at_ms < REPUBLISH_WITHIN_MS
    return isinstance(outcome, Stored)


def _log(update: Update, outcome: Appended, now: float) -> None:
    log.info(
        _EVENTS[type(outcome)],
        token=update.token,
        id=update.id,
        txSignature=update.tx_signature,
        age_ms=int((now - update.timestamp) * 1000),
    )


_EVENTS: Final[Mapping[type[Appended], str]] = {
    Stored: "trade_stored",
    Duplicate: "trade_seen_before",
    IdTaken: "trade_id_taken",
    NotStored: "trade_not_stored",
}
