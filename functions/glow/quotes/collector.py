"""A run of the collector: SOL/USD first, then the tokens that were not traded for a while."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from functions.glow import log, metrics
from functions.glow.errors import BadRequest, Unavailable
from functions.glow.prices.row import Arrival, newest_of
from functions.glow.prices.table import NotStored, PriceTable
from functions.glow.quotes.jupiter import Harvest
from functions.glow.quotes.quote import fate_of, is_quiet, quote_of
from functions.glow.quotes.rate import next_rate
from functions.glow.quotes.runs import Runs
from functions.glow.routing.rate import RateRow
from functions.glow.runtime.parallel import in_parallel
from functions.glow.trades.gatekeeper import Gatekeeper
from functions.glow.trades.intake import REPUBLISH_WITHIN_MS
from functions.glow.trades.movements import WRAPPED_SOL
from functions.glow.trades.parse import Trade
from functions.glow.trades.routed import RoutedPublisher
from functions.glow.update import Update
from functions.glow.usd import SolUsd

# What the metric says where there is no rate at all: as bad as one of yesterday.
_NO_RATE_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class _Findings:
    """`new` are to be stored, then published; `again` to be published, since a run may have died before
    it did. `counts` is what became of the others, by reason."""

    new: list[Update] = field(default_factory=list[Update])
    again: list[Update] = field(default_factory=list[Update])
    counts: Counter[str] = field(default_factory=Counter[str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """`tokens` are those that may be quoted; `ask` asks Jupiter for mints, the first ones first."""

    runs: Runs
    rate_row: RateRow
    prices: PriceTable
    gate: Gatekeeper
    published: RoutedPublisher
    ask: Callable[[Sequence[str]], Harvest]
    tokens: Sequence[str]
    quiet_after_seconds: int
    max_age_seconds: int
    retention_seconds: int
    clock: Callable[[], float]

    def run(self) -> None:
        """Ask, store, publish. Raises Unavailable where a table or a queue did not answer: the next run
        does what this one did not."""
        now = self.clock()
        failures = self.runs.begin(now=now)
        if failures is None:
            log.info("quotes_not_asked_for", reason="another run, or a pause after failures")
            self._record_age(self.rate_row.read())
            return
        latest = self._latest(self.tokens)
        quiet = [token for token in self.tokens if self._is_quiet(latest[token], now)]
        harvest = self.ask([WRAPPED_SOL, *quiet])
        for reason in harvest.failures:
            log.warning("jupiter_failed", reason=reason)
        rate, doubt = self._renew_rate(harvest)
        self._record_age(rate)
        findings = self._look_at(harvest, rate, latest, is_healing=failures > 0)
        self._pass_on(findings)
        self.runs.end(failures=0 if harvest.answers else failures + 1, now=self.clock())
        log.info(
            "quotes_collected",
            quiet=len(quiet),
            published=len(findings.new),
            requests=harvest.requests,
            unasked=harvest.unasked,
            solUsdDoubt=doubt,
            sol_usd_age_ms=None if rate is None else int(rate.age_seconds(now=self.clock()) * 1000),
            **findings.counts,
        )

    def _record_age(self, rate: SolUsd | None) -> None:
        age = _NO_RATE_SECONDS if rate is None else rate.age_seconds(now=self.clock())
        metrics.record(metrics.SOL_USD_AGE, round(max(age, 0), 1))

    def _latest(self, tokens: Sequence[str]) -> Mapping[str, Sequence[Arrival]]:
        now = self.clock()
        rows = in_parallel(lambda token: self.prices.latest(token, now=now), tokens)
        return dict(zip(tokens, rows, strict=True))

    def _is_quiet(self, latest: Sequence[Arrival], now: float) -> bool:
        return is_quiet(latest, now=now, quiet_after_seconds=self.quiet_after_seconds)

    def _renew_rate(self, harvest: Harvest) -> tuple[SolUsd | None, str | None]:
        """The rate as it is now, and why what Jupiter said of SOL did not become it."""
        known = self.rate_row.read()
        doubt: str | None = "not_quoted"
        for asked in harvest.answers:
            quoted = asked.answer.quoted.get(WRAPPED_SOL)
            if quoted is None:
                continue
            found = next_rate(
                known,
                quoted,
                asked_at_ms=asked.asked_at_ms,
                max_age_seconds=self.max_age_seconds,
            )
            if isinstance(found, SolUsd):
                self.rate_row.write(found)
                known, doubt = found, None
            else:
                doubt = found
        if doubt is not None:
            log.warning("sol_usd_not_renewed", reason=doubt)
        return known, doubt

    def _look_at(
        self,
        harvest: Harvest,
        rate: SolUsd | None,
        latest: Mapping[str, Sequence[Arrival]],
        *,
        is_healing: bool,
    ) -> _Findings:
        """Which quotes are news."""
        findings = _Findings()
        candidates: list[Update] = []
        for quote in self._quotes(harvest, rate, findings.counts):
            fate = fate_of(quote, latest[quote.token])
            if fate == "new":
                candidates.append(quote)
                continue
            findings.counts[fate] += 1
            newest = newest_of(latest[quote.token])
            if is_healing and newest is not None and self._may_be_unpublished(newest):
                findings.again.append(newest.update)
        # Read again: asking took seconds, and a trade may have come meanwhile.
        now_latest = self._latest([quote.token for quote in candidates])
        for quote in candidates:
            fate = fate_of(quote, now_latest[quote.token])
            if fate == "new":
                findings.new.append(quote)
            else:
                findings.counts[fate] += 1
        self._hold_back_suspects(findings)
        return findings

    def _quotes(
        self, harvest: Harvest, rate: SolUsd | None, counts: Counter[str]
    ) -> Sequence[Update]:
        """All that can be priced in SOL."""
        quotes: list[Update] = []
        for asked in harvest.answers:
            counts["left_out"] += len(asked.answer.left_out)
            counts["damaged"] += len(asked.answer.damaged)
            for mint, problem in asked.answer.damaged.items():
                log.warning("quote_damaged", token=mint, reason=problem)
            for mint, quoted in asked.answer.quoted.items():
                if mint == WRAPPED_SOL:
                    continue
                if rate is None or not self._is_fresh(rate):
                    counts["no_sol_usd"] += 1
                    continue
                try:
                    quotes.append(quote_of(mint, quoted, rate.price, asked_at_ms=asked.asked_at_ms))
                except BadRequest as error:
                    counts["damaged"] += 1
                    log.warning("quote_damaged", token=mint, reason=str(error))
        return quotes

    def _is_fresh(self, rate: SolUsd) -> bool:
        return rate.is_fresh(now=self.clock(), max_age_seconds=self.max_age_seconds)

    def _may_be_unpublished(self, row: Arrival) -> bool:
        return row.is_quote and self.clock() * 1000 - row.arrived_at_ms < REPUBLISH_WITHIN_MS

    def _hold_back_suspects(self, findings: _Findings) -> None:
        """Leave out what is too far from the last trade: nobody would bear a quote out."""
        verdict = self.gate.judge([Trade(update=quote) for quote in findings.new], now=self.clock())
        findings.new.clear()
        findings.counts["unread"] += len(verdict.unjudged)
        for judged in verdict.judged:
            quote = judged.trade.update
            if judged.jumped_from is None:
                findings.new.append(quote)
                continue
            findings.counts["suspect"] += 1
            log.warning(
                "quote_suspected",
                token=quote.token,
                id=quote.id,
                reason=f"{quote.price:f} SOL is too far from {judged.jumped_from:f}",
            )

    def _pass_on(self, findings: _Findings) -> None:
        """Store what is new, then publish."""
        appended = self.prices.append_all(
            findings.new, now=self.clock(), retention_seconds=self.retention_seconds
        )
        outcomes = list(zip(findings.new, appended, strict=True))
        stored = [quote for quote, outcome in outcomes if not isinstance(outcome, NotStored)]
        due = [*findings.again, *stored]
        if due:
            self.published.routes.refresh()
            self.published.publish(due)
        errors: list[Unavailable] = [
            outcome.error for _, outcome in outcomes if isinstance(outcome, NotStored)
        ]
        if errors:
            raise errors[0]
