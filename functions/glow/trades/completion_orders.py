"""Orders to ask the chain for what came trimmed. The webhook has one second, so it only sends them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from functions.glow import log
from functions.glow.fields import as_object, parse_json
from functions.glow.queues.delay_queue import DelayQueue
from functions.glow.token import parse_signature
from functions.glow.trades.skip import Skip
from functions.glow.update import parse_timestamp

# A node is as fast as Helius, or a slot or two behind.
DELAY_SECONDS: Final = 1
# What a relay left out, or spoiled, the chain still has; and in another form, which we may not fail at.
COMPLETABLE: Final = frozenset({"trimmed", "damaged", "internal_error"})


@dataclass(frozen=True, slots=True)
class CompletionOrder:
    """Ask the chain for the transaction with this signature; ordered at that Unix second."""

    signature: str
    ordered_at: int

    def to_json(self) -> str:
        fields = {"txSignature": self.signature, "orderedAt": self.ordered_at}
        return json.dumps(fields, separators=(",", ":"))


def parse_order(text: str) -> CompletionOrder:
    """Read a message back. Raises BadRequest."""
    fields = as_object(parse_json(text, where="message"), where="message")
    return CompletionOrder(
        parse_signature(fields.get("txSignature"), where="txSignature"),
        parse_timestamp(fields.get("orderedAt"), where="orderedAt"),
    )


@dataclass(frozen=True, slots=True)
class CompletionQueue:
    """Sends orders, at most `per_body` for a body: a relay that trims everything costs no more."""

    queue: DelayQueue
    per_body: int
    tokens: frozenset[str]
    """Those that the stack streams; empty: all."""

    def due(self, skipped: Sequence[Skip]) -> Sequence[str]:
        """The signatures of what the chain can complete."""
        completable = [skip.tx_signature for skip in skipped if self._is_completable(skip)]
        found = [each for each in dict.fromkeys(completable) if each is not None]
        if len(found) > self.per_body:
            log.warning("completions_left_out", left_out=len(found) - self.per_body)
        return found[: self.per_body]

    def order(self, signatures: Sequence[str], *, now: float) -> None:
        """Raises Unavailable if that is not sure. Who repeats a body orders again: the write is
        conditional."""
        orders = [CompletionOrder(signature, int(now)).to_json() for signature in signatures]
        self.queue.add(orders, delay_seconds=DELAY_SECONDS)

    def _is_completable(self, skip: Skip) -> bool:
        is_streamed = skip.token is None or not self.tokens or skip.token in self.tokens
        return skip.reason in COMPLETABLE and is_streamed
