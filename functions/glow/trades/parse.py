"""A webhook body becomes updates: which form it is, what is refused, what is skipped and named.

Refused (an error to the sender) is a body that is wrong as a whole. Skipped (named in the 200) is a
trade beside others that yields no update: a retry could not mend it, and its neighbours are fine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast

from functions.glow.errors import BadRequest
from functions.glow.fields import Json, as_object, parse_json
from functions.glow.token import parse_signature, parse_token, require_known
from functions.glow.trades.helius import NoPrice, NoPriceReason, PricedToken, price_transaction
from functions.glow.trades.simple import price_simple
from functions.glow.update import Update, parse_price, parse_slot, parse_timestamp

MAX_CLOCK_SKEW_SECONDS: Final = 60

SkipReason = Literal[
    NoPriceReason,
    "not_enhanced",  # a RAW transaction: the webhook is of the wrong type
    "damaged",  # a field of this transaction is missing or malformed
    "future_timestamp",  # more than MAX_CLOCK_SKEW_SECONDS ahead
    "token_not_configured",  # the stack's `tokens` do not list it
    "zero_change",  # the simple form moved nothing
    "id_taken",  # another transaction already has this id
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


@dataclass(frozen=True, slots=True)
class Trades:
    """What a body holds: `updates` in the order of their ids, and what was `skipped`."""

    updates: tuple[Update, ...]
    skipped: tuple[Skip, ...]


def parse_webhook(
    body: bytes | str, *, x_token: str | None, tokens: frozenset[str], now: float
) -> Trades:
    """Read a webhook body: a JSON array is Helius ENHANCED, an object is the simple form.

    `tokens` are the streamed ones (empty: all), `now` is Unix time in seconds. Raises Refused when
    the body as a whole is wrong; one damaged transaction in an array never fails its neighbours.
    """
    latest_timestamp = now + MAX_CLOCK_SKEW_SECONDS
    parsed = _parse_body(body)
    if isinstance(parsed, list):
        return _parse_batch(cast("list[object]", parsed), tokens, latest_timestamp)
    if isinstance(parsed, dict):
        return _parse_simple(cast("Json", parsed), x_token, tokens, latest_timestamp)
    raise BadRequest(
        "body must be a JSON array of Helius ENHANCED transactions, or one trade as a JSON object"
    )


def _parse_body(body: bytes | str) -> object:
    try:
        return parse_json(body if isinstance(body, str) else body.decode(), where="body")
    except UnicodeDecodeError as error:
        raise BadRequest(f"body is not UTF-8 at byte {error.start}; send JSON as UTF-8") from error


def _parse_simple(
    trade: Json, x_token: str | None, tokens: frozenset[str], latest_timestamp: float
) -> Trades:
    if x_token is None:
        raise BadRequest(
            "the simple form needs the header x-token with the token's mint or name;"
            " Helius transactions come as a JSON array"
        )
    token = require_known(parse_token(x_token, where="header x-token"), tokens)
    signature = parse_signature(trade.get("txSignature"), where="body.txSignature")
    timestamp = parse_timestamp(trade.get("timestamp"), where="body.timestamp")
    slot = parse_slot(trade.get("slot"), where="body.slot")
    if timestamp > latest_timestamp:
        raise BadRequest(
            f"body.timestamp {timestamp} is more than {MAX_CLOCK_SKEW_SECONDS} s ahead of now;"
            " send Unix time in seconds, and check the sender's clock"
        )
    price = price_simple(trade)
    if price is None:
        detail = "nativeBalanceChange of vault_sol or user is 0"
        return Trades((), (Skip(signature, token, "zero_change", detail),))
    return Trades((Update(token, price, timestamp, slot, signature),), ())


def _parse_batch(
    transactions: Sequence[object], tokens: frozenset[str], latest_timestamp: float
) -> Trades:
    updates: dict[tuple[str, str], Update] = {}
    skipped: list[Skip] = []
    for index, transaction in enumerate(transactions):
        for found in _parse_transaction(
            transaction, tokens, latest_timestamp, where=f"body[{index}]"
        ):
            if isinstance(found, Skip):
                skipped.append(found)
                continue
            first = updates.setdefault((found.id, found.token), found)
            if first.tx_signature != found.tx_signature:
                detail = f"{found.id} already names the trade {first.tx_signature}"
                skipped.append(Skip(found.tx_signature, found.token, "id_taken", detail))
    return Trades(tuple(updates[key] for key in sorted(updates)), tuple(skipped))


def _parse_transaction(
    value: object, tokens: frozenset[str], latest_timestamp: float, *, where: str
) -> list[Update | Skip]:
    """The updates of one ENHANCED transaction, and what of it is skipped."""
    signature: str | None = None
    try:
        transaction = as_object(value, where=where)
        if "meta" in transaction and "signature" not in transaction:
            detail = "a RAW transaction: set the webhook's type to enhanced at Helius"
            return [Skip(None, None, "not_enhanced", detail)]
        signature = parse_signature(transaction.get("signature"), where=f"{where}.signature")
        timestamp = parse_timestamp(transaction.get("timestamp"), where=f"{where}.timestamp")
        if timestamp > latest_timestamp:
            detail = f"timestamp {timestamp} is more than {MAX_CLOCK_SKEW_SECONDS} s ahead of now"
            return [Skip(signature, None, "future_timestamp", detail)]
        slot = parse_slot(transaction.get("slot"), where=f"{where}.slot")
        return [
            _update(priced, tokens, timestamp, slot, signature, where=where)
            for priced in price_transaction(transaction, where=where)
        ]
    except BadRequest as error:
        return [Skip(signature, None, "damaged", str(error))]


def _update(
    priced: PricedToken | NoPrice,
    tokens: frozenset[str],
    timestamp: int,
    slot: int,
    signature: str,
    *,
    where: str,
) -> Update | Skip:
    if isinstance(priced, NoPrice):
        return Skip(signature, None, priced.reason, priced.detail)
    token = parse_token(priced.mint, where=f"{where}'s mint")
    if tokens and token not in tokens:
        return Skip(signature, token, "token_not_configured", "glow:tokens does not list it")
    price = parse_price(priced.price, where=f"{where}'s price of {token}")
    return Update(token, price, timestamp, slot, signature)
