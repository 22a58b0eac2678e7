"""Completion: a transaction that came trimmed is asked for at the chain, and published late.

A worker carries the orders of the webhook out (completion_orders.py). The node's answer goes through
the same parser, gate and conditional write as a body of Helius.

The node may be behind: what it does not know is asked for again until PATIENCE_SECONDS after the order.
By then the transaction is in a block, or its blockhash is too old for it ever to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from functions.glow import log
from functions.glow.chain.rpc import Found
from functions.glow.errors import BadRequest, Unavailable
from functions.glow.fields import Json
from functions.glow.trades.completion_orders import CompletionOrder
from functions.glow.trades.intake import Intake
from functions.glow.trades.parse import parse_transactions
from functions.glow.usd import Dollars

# A blockhash serves for 150 blocks, some 60 to 90 s; then the chain needs a moment to agree.
PATIENCE_SECONDS: Final = 120

Outcome = BadRequest | Unavailable | None
"""Of an order: None, it is done; else why not: whether a retry helps says the class."""


@dataclass(frozen=True, slots=True)
class Completion:
    """Carries orders out, once the node has answered."""

    intake: Intake
    tokens: frozenset[str]

    def complete(
        self,
        orders: Sequence[CompletionOrder],
        answers: Sequence[Found],
        *,
        now: float,
        dollars: Dollars,
    ) -> Sequence[Outcome]:
        """Store and publish what was found; what became of each of `orders`, in their order."""
        found = [answer for answer in answers if isinstance(answer, dict)]
        unavailable = self._take(found, now, dollars) if found else None
        return [
            _outcome(order, answer, unavailable, now)
            for order, answer in zip(orders, answers, strict=True)
        ]

    def _take(
        self, transactions: Sequence[Json], now: float, dollars: Dollars
    ) -> Unavailable | None:
        trades = parse_transactions(transactions, tokens=self.tokens, now=now, dollars=dollars)
        try:
            receipt = self.intake.take(trades, now=now)
        except Unavailable as error:
            return error
        log.info(
            "completed",
            transactions=len(transactions),
            stored=receipt.stored,
            duplicates=receipt.duplicates,
            skipped=[skip.reason for skip in receipt.skipped],
        )
        return None


def _outcome(
    order: CompletionOrder, answer: Found, unavailable: Unavailable | None, now: float
) -> Outcome:
    """`unavailable` is why what was found could not be stored."""
    if isinstance(answer, BadRequest | Unavailable):
        return answer
    if answer is not None:
        return unavailable
    waited = int(now) - order.ordered_at
    if waited < PATIENCE_SECONDS:
        return Unavailable("the chain does not know the transaction yet")
    log.warning("completion_given_up", txSignature=order.signature, waited_seconds=waited)
    return None
