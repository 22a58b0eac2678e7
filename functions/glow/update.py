"""An update: one price of one token from one transaction, and the id that names it everywhere."""

import json
import re
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final, Literal

from functions.glow.errors import BadRequest
from functions.glow.fields import as_object, parse_json
from functions.glow.token import parse_signature, parse_token, shown

Delivery = Literal["all", "latest"]
"""What a client wants of a token: every update, or only the newest."""

Side = Literal["buy", "sell"]
"""What the traders did with the token."""

Source = Literal["amm", "jupiter", "backfill"]
"""Where a price comes from: a trade, a quote of Jupiter's, or a trade read from the chain later."""

Stable = Literal["usdc", "usdt"]
"""What a trade was paid in whose SOL price comes through SOL/USD."""

# Every decimal of 15 significant digits survives a JavaScript number and back (IEEE 754 double),
# so `float(price)` loses nothing and Python, DynamoDB and JavaScript show the same price.
PRICE_DIGITS: Final = 15
# Inside these every 15-digit price is a normal double and a DynamoDB number (1e-130 to 9.99e125).
MIN_PRICE: Final = Decimal("1e-100")
MAX_PRICE: Final = Decimal("1e100")
# What the id has room for. A longer or a negative number would break the order of ids.
MAX_TIMESTAMP: Final = 9_999_999_999  # 10 digits of Unix seconds: until the year 2286
MAX_SLOT: Final = 999_999_999_999  # 12 digits: 12,000 years of slots of 0.4 s
ID_SIGNATURE_LENGTH: Final = 16
PLACE_LENGTH: Final = 23  # of an id: 10 digits, "-" and 12 digits

ID_PATTERN: Final = r"^[0-9]{10}-[0-9]{12}-[A-Za-z0-9]{1,16}$"

_ID = re.compile(ID_PATTERN, re.ASCII)
# No traps: what overflows becomes Infinity, which parse_price refuses like any other bad price.
_ROUNDING = Context(prec=PRICE_DIGITS, traps=[])


def update_id(timestamp: int, slot: int, signature: str) -> str:
    """`<timestamp, 10 digits>-<slot, 12 digits>-<first 16 of the signature>`.

    Sort key, deduplication id and cursor. The order of the texts is the order of time, then slot.
    """
    return f"{timestamp:010d}-{slot:012d}-{signature[:ID_SIGNATURE_LENGTH]}"


def id_at(timestamp: int) -> str:
    """The smallest id of that second, clamped to the seconds that an id can hold."""
    return update_id(min(max(timestamp, 0), MAX_TIMESTAMP), 0, "0")


def parse_id(value: object, *, where: str) -> str:
    """The update id in `value`. Raises BadRequest that names `where`."""
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    raise BadRequest(
        f"{where} must be the id of an update, as PRICE_UPDATE carries it: 10 digits, '-',"
        f" 12 digits, '-', up to 16 letters and digits; got {shown(value)}"
    )


def timestamp_of(update_id: str) -> int:
    """The Unix seconds that an id begins with."""
    return int(update_id[:10])


def place_of(update_id: str) -> str:
    """The second and the slot that an id begins with. The order of the texts is that of trade time.

    What follows them, the signature, says nothing of the order inside a slot.
    """
    return update_id[:PLACE_LENGTH]


@dataclass(frozen=True, slots=True)
class Update:
    """A price. `price` in SOL per token, `timestamp` in Unix seconds.

    `side`, `amount` in tokens and `amount_sol` in SOL are the trade's; None where they are not known.
    `price_usd` is fixed when the price comes in; None where SOL/USD was not known then. `via`: the
    trade was paid in that, and `price` and `amount_sol` are what it was worth in SOL.
    """

    token: str
    price: Decimal
    timestamp: int
    slot: int
    tx_signature: str
    side: Side | None = None
    amount: Decimal | None = None
    amount_sol: Decimal | None = None
    price_usd: Decimal | None = None
    source: Source = "amm"
    via: Stable | None = None

    @property
    def id(self) -> str:
        return update_id(self.timestamp, self.slot, self.tx_signature)

    def to_dict(self) -> dict[str, object]:
        """The PRICE_UPDATE message, ready for JSON; its numbers are floats without loss."""
        known = {
            "side": self.side,
            "amount": _shown_number(self.amount),
            "amountSol": _shown_number(self.amount_sol),
            "priceUsd": _shown_number(self.price_usd),
            "source": None if self.source == "amm" else self.source,
            "via": self.via,
        }
        return {
            "type": "PRICE_UPDATE",
            "token": self.token,
            "price": float(self.price),
            "timestamp": self.timestamp,
            "slot": self.slot,
            "txSignature": self.tx_signature,
            **{name: value for name, value in known.items() if value is not None},
            "id": self.id,
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), separators=(",", ":"))


def parse_update(text: str) -> Update:
    """Read a PRICE_UPDATE back. Raises BadRequest that names the field."""
    fields = as_object(parse_json(text, where="update"), where="update")
    if fields.get("type") != "PRICE_UPDATE":
        raise BadRequest(f'type must be "PRICE_UPDATE"; got {shown(fields.get("type"))}')
    update = Update(
        token=parse_token(fields.get("token"), where="token"),
        price=parse_price(fields.get("price"), where="price"),
        timestamp=parse_timestamp(fields.get("timestamp"), where="timestamp"),
        slot=parse_slot(fields.get("slot"), where="slot"),
        tx_signature=parse_signature(fields.get("txSignature"), where="txSignature"),
        side=_parse_side(fields.get("side")),
        amount=_parse_amount(fields.get("amount"), where="amount"),
        amount_sol=_parse_amount(fields.get("amountSol"), where="amountSol"),
        price_usd=_parse_amount(fields.get("priceUsd"), where="priceUsd"),
        source=parse_source(fields.get("source")),
        via=parse_stable(fields.get("via")),
    )
    if fields.get("id") != update.id:
        raise BadRequest(f"id must be {update.id}, made of timestamp, slot and txSignature")
    return update


def rounded_price(numerator: Decimal | int, denominator: Decimal | int) -> Decimal:
    """`numerator / denominator` to PRICE_DIGITS significant digits; only the division rounds.

    NaN or infinite where the two make no price; parse_price refuses that.
    """
    quotient = _ROUNDING.divide(Decimal(numerator), Decimal(denominator))
    return _ROUNDING.normalize(quotient)


def rounded_product(one: Decimal, other: Decimal) -> Decimal:
    """`one * other` to PRICE_DIGITS significant digits, rounded once; infinite or 0 beyond a number."""
    return _ROUNDING.normalize(_ROUNDING.multiply(one, other))


def parse_price(value: object, *, where: str) -> Decimal:
    """A price above zero, from a JSON number read with `parse_float=Decimal`."""
    price = _number_in_range(value)
    if price is not None:
        return price
    raise BadRequest(
        f"{where} must be a price in SOL per token, a JSON number from {MIN_PRICE} to {MAX_PRICE}"
    )


def known_amount(amount: Decimal) -> Decimal | None:
    """`amount` to PRICE_DIGITS digits; None beyond what a price may be: nobody traded so much."""
    return _number_in_range(amount)


def parse_timestamp(value: object, *, where: str) -> int:
    """Unix seconds that fit an id. Raises BadRequest that names `where`."""
    return _parse_integer(value, MAX_TIMESTAMP, where=where, what="Unix time in seconds")


def parse_slot(value: object, *, where: str) -> int:
    """A Solana slot that fits an id. Raises BadRequest that names `where`."""
    return _parse_integer(value, MAX_SLOT, where=where, what="a Solana slot")


def parse_source(value: object) -> Source:
    """Where a price comes from; left out, it is a trade's. Raises BadRequest."""
    match value:
        case None | "amm":
            return "amm"
        case "jupiter":
            return "jupiter"
        case "backfill":
            return "backfill"
        case _:
            raise BadRequest(
                f'source must be "amm", "jupiter" or "backfill", or left out; got {shown(value)}'
            )


def parse_stable(value: object) -> Stable | None:
    """What a trade was paid in; left out, it was SOL. Raises BadRequest."""
    match value:
        case None:
            return None
        case "usdc":
            return "usdc"
        case "usdt":
            return "usdt"
        case _:
            raise BadRequest(f'via must be "usdc" or "usdt", or left out; got {shown(value)}')


def _shown_number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _parse_amount(value: object, *, where: str) -> Decimal | None:
    if value is None:
        return None
    amount = _number_in_range(value)
    if amount is not None:
        return amount
    raise BadRequest(f"{where} must be a JSON number from {MIN_PRICE} to {MAX_PRICE}, or left out")


def _parse_side(value: object) -> Side | None:
    match value:
        case None:
            return None
        case "buy":
            return "buy"
        case "sell":
            return "sell"
        case _:
            raise BadRequest(f'side must be "buy" or "sell", or left out; got {shown(value)}')


def _number_in_range(value: object) -> Decimal | None:
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        return None
    number = rounded_price(value, 1)
    return number if number.is_finite() and MIN_PRICE <= number <= MAX_PRICE else None


def _parse_integer(value: object, maximum: int, *, where: str, what: str) -> int:
    # bool is an int in Python: JSON's true would be slot 1.
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= maximum:
        return value
    raise BadRequest(
        f"{where} must be {what}, a whole number from 0 to {maximum}; got {shown(value)}"
    )
