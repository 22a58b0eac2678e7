"""What the webhook does with trades: store each once, publish what is new, say what was done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol

from functions.glow import log, metrics
from functions.glow.errors import Unavailable
from functions.glow.prices.row import Details
from functions.glow.prices.table import Appended, Duplicate, IdTaken, NotStored, PriceTable, Stored
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.runtime.parallel import beside, in_parallel
from functions.glow.trades.gate import RELEASE_SECONDS
from functions.glow.trades.gatekeeper import Gatekeeper, Judged, Verdict
from functions.glow.trades.parse import Trade, Trades
from functions.glow.trades.routed import RoutedPublisher
from functions.glow.trades.skip import Skip
from functions.glow.update import Update

# A duplicate is published again while it is young, to heal a crash between store and publish. SQS
# drops repeats for five minutes, so within this time nothing is sent twice.
REPUBLISH_WITHIN_MS: Final = 4 * 60 * 1000
# What the chores beside the storing leave of the deadline: a post to the edge and what follows it
# when that fails.
PUBLISH_SECONDS: Final = 0.45


class Releases(Protocol):
    """Sees to it that suspects are looked at again."""

    def release_later(self, suspects: Sequence[Update]) -> None:
        """In RELEASE_SECONDS. Raises Unavailable if that is not sure."""
        ...


class Completions(Protocol):
    """Sees to it that the chain is asked for what came trimmed."""

    def due(self, skipped: Sequence[Skip]) -> Sequence[str]:
        """The signatures of those that it has."""
        ...

    def order(self, signatures: Sequence[str], *, now: float) -> None:
        """Have them asked for. Raises Unavailable if that is not sure."""
        ...


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

    def record(self) -> None:
        """Count it. What glow failed at is lost as a refused request is, so the same alarm rings."""
        metrics.record(metrics.STORED, self.stored)
        metrics.record(metrics.DUPLICATES, self.duplicates)
        for skip in self.skipped:
            metrics.record(metrics.skipped(skip.reason))
            metrics.record(metrics.REFUSED, int(skip.reason == "internal_error"))


@dataclass(frozen=True, slots=True)
class _Result:
    """What became of a trade. A suspect has `jumped_from`, the price in SOL it is too far from."""

    update: Update
    outcome: Appended
    jumped_from: Decimal | None = None

    def is_young(self, now: float) -> bool:
        """Whether it may be that what follows the storing was never done."""
        if isinstance(self.outcome, Duplicate):
            return now * 1000 - self.outcome.arrived_at_ms < REPUBLISH_WITHIN_MS
        return isinstance(self.outcome, Stored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Stores, then publishes on the paths of each token."""

    prices: PriceTable
    retention_seconds: int
    gate: Gatekeeper
    releases: Releases
    known_tokens: KnownTokens
    published: RoutedPublisher
    completions: Completions | None = None
    """None: there is no node to ask."""

    def take(self, trades: Trades, *, now: float) -> Receipt:
        """Store and publish `trades`; `now` is Unix time in seconds.

        What could be stored is published, even if the rest could not be stored. Then Unavailable is
        raised, as after a failed publish: the sender's next try finds duplicates and heals the rest.
        """
        # Stored first: Helius repeats a request whose answer is slow, and then must find the trade.
        verdict, results = self._store(trades.trades, now)
        young = [result for result in results if result.is_young(now)]
        passed = [result.update for result in young if result.jumped_from is None]
        suspects = [result.update for result in young if result.jumped_from is not None]
        self._publish([*verdict.released, *passed], suspects, trades.skipped, now)
        for result in results:
            _log(result, now)
        for result in results:
            if isinstance(result.outcome, NotStored):
                raise result.outcome.error
        return _receipt(trades.skipped, results)

    def _store(self, trades: Sequence[Trade], now: float) -> tuple[Verdict, Sequence[_Result]]:
        """Pass the gate, then store. Meanwhile read the routes and note the tokens.

        At once, because Helius waits one second: too short for all these calls one after another. If
        the routes are not read in time, the last ones stay in force, as after a failed read.
        """
        chores = self._chores([trade.update for trade in trades], now)
        with beside(*chores, keep_seconds=PUBLISH_SECONDS):
            verdict = self.gate.judge(trades, now=now)
            with beside(*self._release(verdict.released, now)):
                appended = self.prices.append_all(
                    [judged.trade.update for judged in verdict.judged],
                    [_details(judged) for judged in verdict.judged],
                    now=now,
                    retention_seconds=self.retention_seconds,
                )
        pairs = zip(verdict.judged, appended, strict=True)
        results = [_result(judged, outcome, verdict.released) for judged, outcome in pairs]
        unread = [_Result(trade.update, NotStored(error)) for trade, error in verdict.unjudged]
        return verdict, [*results, *unread]

    def _release(self, suspects: Sequence[Update], now: float) -> list[Callable[[], object]]:
        return [lambda: self.prices.release(suspects, now=now)] if suspects else []

    def _chores(self, updates: Sequence[Update], now: float) -> list[Callable[[], object]]:
        chores: list[Callable[[], object]] = []
        if updates and self.published.routes.is_stale:
            chores.append(self.published.routes.refresh)
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

    def _publish(
        self,
        updates: Sequence[Update],
        suspects: Sequence[Update],
        skipped: Sequence[Skip],
        now: float,
    ) -> None:
        """Publish `updates`, have `suspects` looked at later, and what was trimmed completed."""
        jobs: list[Callable[[], object]] = []
        if updates:
            jobs.append(lambda: self.published.publish(updates))
        if suspects:
            jobs.append(lambda: self.releases.release_later(suspects))
        completions = self.completions
        if completions is not None and (trimmed := completions.due(skipped)):
            jobs.append(lambda: completions.order(trimmed, now=now))
        in_parallel(lambda job: job(), jobs)


def _details(judged: Judged) -> Details:
    trade = judged.trade
    return Details(
        index_in_block=trade.index_in_block,
        jumped_from=judged.jumped_from,
    )


def _result(judged: Judged, outcome: Appended, released: Sequence[Update]) -> _Result:
    update, jumped_from = judged.trade.update, judged.jumped_from
    if isinstance(outcome, Duplicate):
        jumped_from = None if update in released else outcome.jumped_from
    return _Result(update, outcome, jumped_from)


def _receipt(skipped: Sequence[Skip], results: Sequence[_Result]) -> Receipt:
    """Each trade counts once: as stored, as a duplicate, or as skipped."""
    plain = [result.outcome for result in results if result.jumped_from is None]
    named = [skip for result in results for skip in _skips(result)]
    return Receipt(
        stored=sum(isinstance(outcome, Stored) for outcome in plain),
        duplicates=sum(isinstance(outcome, Duplicate) for outcome in plain),
        skipped=[*skipped, *named],
    )


def _skips(result: _Result) -> list[Skip]:
    update, outcome = result.update, result.outcome
    if isinstance(outcome, IdTaken):
        detail = f"by {outcome.tx_signature}"
        return [Skip(update.tx_signature, update.token, "id_taken", detail)]
    if result.jumped_from is not None:
        detail = (
            f"{update.price:f} SOL is too far from {result.jumped_from:f}, the price before: kept"
            f" back until the next trade agrees, or for {RELEASE_SECONDS} s if none contradicts"
        )
        return [Skip(update.tx_signature, update.token, "suspect", detail)]
    return []


def _log(result: _Result, now: float) -> None:
    update = result.update
    log.info(
        _EVENTS[type(result.outcome)] if result.jumped_from is None else "trade_suspected",
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
