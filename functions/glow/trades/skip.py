"""What yields no update, and the names of all reasons."""

from dataclasses import dataclass
from typing import Literal

from functions.glow.trades.outcome import NoPriceReason

SkipReason = Literal[
    NoPriceReason,
    "failed_transaction",  # it moved nothing but its fee
    "damaged",  # a field of this transaction is missing or malformed
    "internal_error",  # glow failed at it; the log has the stack
    "out_of_range",  # a token of so many decimals that its price is no number for readers
    "future_timestamp",  # it is ahead of our clock by more than a minute
    "token_not_configured",  # the stack's `tokens` do not list it
    "zero_change",  # the simple form moved nothing
    "id_taken",  # another transaction already has this id
    "suspect",  # too far from the last price: kept back until others agree (gate.py)
]


@dataclass(frozen=True, slots=True)
class Skip:
    """A trade that yields no update, and why."""

    tx_signature: str | None
    token: str | None
    reason: SkipReason
    detail: str

    def to_dict(self) -> dict[str, str]:
        fields = {
            "txSignature": self.tx_signature,
            "token": self.token,
            "reason": self.reason,
            "detail": self.detail,
        }
        return {key: value for key, value in fields.items() if value is not None}
