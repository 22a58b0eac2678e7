"""The gate at the price table: reads a token's newest rows, and lets the gate decide."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from functions.glow.errors import Unavailable
from functions.glow.prices.table import PriceTable
from functions.glow.runtime.parallel import in_parallel
from functions.glow.trades.gate import WINDOW_SECONDS, Passage, pass_gate
from functions.glow.trades.parse import Trade
from functions.glow.update import Update


@dataclass(frozen=True, slots=True)
class Judged:
    """A trade, and the price in SOL that it is too far from; None: it is no suspect."""

    trade: Trade
    jumped_from: Decimal | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`judged` are in trade order, each token's; `released` are stored suspects they agree with.

    `unjudged` are those whose rows could not be read.
    """

    judged: Sequence[Judged]
    released: Sequence[Update]
    unjudged: Sequence[tuple[Trade, Unavailable]]


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    """`max_jump` 0: every trade passes, and nothing is read."""

    prices: PriceTable
    max_jump: int

    def judge(self, trades: Sequence[Trade], *, now: float) -> Verdict:
        """One read of each token, all at once; `now` is Unix time in seconds."""
        if not self.max_jump:
            return Verdict([Judged(trade, None) for trade in trades], [], [])
        by_token: defaultdict[str, list[Trade]] = defaultdict(list)
        for trade in trades:
            by_token[trade.update.token].append(trade)
        tokens = list(by_token.values())
        passages = in_parallel(lambda of_token: self._pass(of_token, now=now), tokens)
        verdicts = [_verdict(of, passage) for of, passage in zip(tokens, passages, strict=True)]
        return Verdict(
            [judged for verdict in verdicts for judged in verdict.judged],
            [update for verdict in verdicts for update in verdict.released],
            [unjudged for verdict in verdicts for unjudged in verdict.unjudged],
        )

    def _pass(self, trades: Sequence[Trade], *, now: float) -> Passage | Unavailable:
        """What the gate says of `trades` of one token."""
        updates = [trade.update for trade in trades]
        since = min(update.timestamp for update in updates) - WINDOW_SECONDS
        try:
            stored = self.prices.recent(updates[0].token, since=since, now=now)
        except Unavailable as error:
            return error
        return pass_gate(updates, stored, max_jump=self.max_jump, now_ms=int(now * 1000))


def _verdict(trades: Sequence[Trade], passage: Passage | Unavailable) -> Verdict:
    if isinstance(passage, Unavailable):
        return Verdict([], [], [(trade, passage) for trade in trades])
    judged = [Judged(*pair) for pair in zip(trades, passage.jumped_from, strict=True)]
    return Verdict(judged, passage.released, [])
