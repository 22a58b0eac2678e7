"""What the webhook does with trades: store each once, publish what is new, say what was done."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from functions.glow import log
from functions.glow.errors import Unavailable
from functions.glow.paths import Path
from functions.glow.prices.table import Appended, Duplicate, IdTaken, NotStored, PriceTable, Stored
from functions.glow.publisher import Publisher
from functions.glow.routing.cache import RouteCache
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.runtime.parallel import beside, in_parallel
from functions.glow.trades.parse import Skip, Trades
from functions.glow.update import Update

# A duplicate is published again while it is young, to heal a crash between store and publish. SQS
# drops repeats for five minutes, so within this time nothing is sent twice.
REPUBLISH_WITHIN_MS: Final = 4 * 60 * 1000
# What the chores beside the storing leave of the deadline: a post to the edge and what follows it
# when that fails.
PUBLISH_SECONDS: Final = 0.45


@dataclass(frozen=True, slots=True)
class Receipt:
    """The webhook's answer. A sender that repeats a body sees why nothing moved."""

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
    """Stores, then publishes on the paths of each token.

    `publisher` returns the publisher of a path, or None if the stack has none (an edge that is no
    longer configured).
    """

    prices: PriceTable
    retention_seconds: int
    routes: RouteCache
    known_tokens: KnownTokens
    publisher: Callable[[Path], Publisher | None]

    def take(self, trades: Trades, *, now: float) -> Receipt:
        """Store and publish `trades`; `now` is Unix time in seconds.

        What could be stored is published, even if the rest could not be stored. Then Unavailable is
        raised, as after a failed publish: the sender's next try finds duplicates and heals the rest.
        """
        # Stored first: Helius repeats a request whose answer is slow, and then must find the trade.
        appended = self._store(trades.updates, now)
        due = [update for update, outcome in appended if _is_due(outcome, now)]
        self._publish(due, now)
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

    def _store(self, updates: Sequence[Update], now: float) -> list[tuple[Update, Appended]]:
        """Store `updates`. Meanwhile read the routes and note the tokens.

        At once, because Helius waits one second: too short for three calls one after another. If the
        routes are not read in time, the last ones stay in force, as after a failed read.
        """
        with beside(*self._chores(updates, now), keep_seconds=PUBLISH_SECONDS):
            appended = self.prices.append_all(
                updates, now=now, retention_seconds=self.retention_seconds
            )
        return list(zip(updates, appended, strict=True))

    def _chores(self, updates: Sequence[Update], now: float) -> list[Callable[[], object]]:
        chores: list[Callable[[], object]] = []
        if updates and self.routes.is_stale:
            chores.append(self.routes.refresh)
        tokens = self.known_tokens.unnoted((update.token for update in updates), now=now)
        if tokens:
            chores.append(lambda: self._note_tokens(tokens, now))
        return chores

    def _note_tokens(self, tokens: Sequence[str], now: float) -> None:
        try:
            self.known_tokens.note(tokens, now=now)
        except Unavailable as error:
            # No reason to refuse a trade: the token's next one tries again.
            log.warning("tokens_not_noted", reason=str(error))

    def _publish(self, updates: Sequence[Update], now: float) -> None:
        by_path: defaultdict[Path, list[Update]] = defaultdict(list)
        for update in updates:
            paths = self.routes.routes.published(update.token, now_ms=int(now * 1000))
            for path in paths:
                by_path[path].append(update)
        in_parallel(lambda path: self._publish_on(path, by_path[path]), list(by_path))

    def _publish_on(self, path: Path, updates: Sequence[Update]) -> None:
        publisher = self.publisher(path)
        if publisher is None:
            log.warning("path_not_configured", path=path, updates=len(updates))
        else:
            publisher.publish(updates)


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
