"""An update, its id, and the ids at which a read begins."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from .fields import Fields

Side = Literal["buy", "sell"]
"""What the trader did with the token."""

Source = Literal["amm", "jupiter", "backfill"]
"""Where a price comes from: a trade, a quote of Jupiter's, or a trade read from the chain later."""

ID_PATTERN: Final = r"^[0-9]{10}-[0-9]{12}-[A-Za-z0-9]{1,16}$"
_PLACE_LENGTH: Final = 23  # 10 digits, "-" and 12 digits
_ID: Final = re.compile(ID_PATTERN, re.ASCII)

# A trade may arrive up to this long after one with a higher id, so reads begin this much earlier.
LATE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Update:
    """One price of one token: `price` in SOL per token, `timestamp` in Unix seconds.

    `slot` and `tx_signature` are None if the publisher left them out. `side`, `amount` in tokens and
    `amount_sol` in SOL are the trade's; None where they are not known, as is `price_usd`. `via` is what
    the trade was paid in, "usdc" or "usdt"; None: in SOL. A quote's signature names no transaction.
    """

    token: str
    price: Decimal
    timestamp: int
    slot: int | None
    tx_signature: str | None
    id: str
    side: Side | None = None
    amount: Decimal | None = None
    amount_sol: Decimal | None = None
    price_usd: Decimal | None = None
    source: Source = "amm"
    via: str | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """An update for the user; `is_late` if one of a later slot came before it.

    `skipped` is how many prices before this one were left out, because the loop was slow.
    """

    update: Update
    is_late: bool
    skipped: int = 0


def parse_update(fields: Fields) -> Update:
    """Read a PRICE_UPDATE. Raises ValueError."""
    match fields:
        case {
            "token": str(token),
            "price": Decimal() | int() as price,
            "timestamp": int(timestamp),
            "id": str(id_),
        } if _ID.fullmatch(id_):
            slot, signature = fields.get("slot"), fields.get("txSignature")
            via = fields.get("via")
            return Update(
                token=token,
                price=Decimal(price),
                timestamp=timestamp,
                slot=slot if isinstance(slot, int) else None,
                tx_signature=signature if isinstance(signature, str) else None,
                id=id_,
                side=_side(fields.get("side")),
                amount=_amount(fields.get("amount")),
                amount_sol=_amount(fields.get("amountSol")),
                price_usd=_amount(fields.get("priceUsd")),
                source=_source(fields.get("source")),
                via=via if isinstance(via, str) else None,
            )
        case _:
            raise ValueError(f"no update: {fields}")


def _side(value: object) -> Side | None:
    match value:
        case "buy":
            return "buy"
        case "sell":
            return "sell"
        case _:
            return None


def _source(value: object) -> Source:
    match value:
        case "jupiter":
            return "jupiter"
        case "backfill":
            return "backfill"
        case _:
            return "amm"


def _amount(value: object) -> Decimal | None:
    return Decimal(value) if isinstance(value, Decimal | int) else None


def place_of(update_id: str) -> str:
    """The second and the slot that an id begins with. The order of the texts is that of trade time.

    The rest of the id says nothing of the order inside a slot: there what comes later is newer.
    """
    return update_id[:_PLACE_LENGTH]


def id_at(timestamp: int) -> str:
    """The smallest id of that second (Unix time)."""
    return f"{max(timestamp, 0):010d}-{0:012d}-0"


def read_from(update_id: str) -> str:
    """The id after which to read for all that arrived after `update_id`, late trades included."""
    return id_at(int(update_id[:10]) - LATE_SECONDS)
