"""A webhook body becomes updates: which form it is, what is refused, what is skipped and named.

Refused (an error to the sender) is a body that is wrong as a whole. Skipped (named in the 200) is a
trade beside others that yields no update: a retry could not mend it, and its neighbours are fine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from functions.glow import log
from functions.glow.errors import BadRequest
from functions.glow.fields import Json, as_object, parse_json
from functions.glow.token import parse_signature, parse_token, require_known
from functions.glow.trades.forms import form_of
from functions.glow.trades.outcome import NoPrice, PricedToken
from functions.glow.trades.simple import SimpleTrade, price_simple
from functions.glow.trades.skip import Skip
from functions.glow.trades.stable import price_in_sol
from functions.glow.update import Update, known_amount, parse_price, parse_slot, parse_timestamp
from functions.glow.usd import NO_DOLLARS, Dollars, in_usd

MAX_BODY_BYTES: Final = 4 * 1024 * 1024  # its escaped text fits Lambda's request limit of 6 MB
MAX_CLOCK_SKEW_SECONDS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """An update. `index_in_block` is its transaction's place in its slot; None where the body does not
    say it, as only RAW bodies do."""

    update: Update
    index_in_block: int | None = None


@dataclass(frozen=True, slots=True)
class Trades:
    """What a body holds: its `trades`, oldest first, and what was `skipped`.

    Oldest first is by time and slot; inside a slot by the place in the block where the body tells
    it, else as they came in the body. So the last one of a token is its newest price.
    """

    trades: tuple[Trade, ...]
    skipped: tuple[Skip, ...]

    @property
    def updates(self) -> tuple[Update, ...]:
        return tuple(trade.update for trade in self.trades)


def parse_webhook(
    body: bytes | str,
    *,
    x_token: str | None,
    tokens: frozenset[str],
    now: float,
    dollars: Dollars = NO_DOLLARS,
) -> Trades:
    """Read a webhook body: a JSON array is of Helius, ENHANCED or RAW; an object is the simple form.

    `tokens` are the streamed ones (empty: all), `now` is Unix time in seconds, `dollars` give prices one
    in dollars. Raises Refused when the body as a whole is wrong; a transaction in an array that is damaged, or
    that we fail at, never fails its neighbours.
    """
    stack = _Stack(tokens, dollars, now + MAX_CLOCK_SKEW_SECONDS)
    parsed = _parse_body(body)
    if isinstance(parsed, list):
        return _parse_batch(cast("list[object]", parsed), stack)
    if isinstance(parsed, dict):
        return _parse_simple(cast("Json", parsed), x_token, stack)
    raise BadRequest(
        "body must be a JSON array of Helius transactions, or one trade as a JSON object"
    )


def parse_transactions(
    transactions: Sequence[object],
    *,
    tokens: frozenset[str],
    now: float,
    dollars: Dollars = NO_DOLLARS,
) -> Trades:
    """As `parse_webhook`, of transactions that were asked for."""
    return _parse_batch(transactions, _Stack(tokens, dollars, now + MAX_CLOCK_SKEW_SECONDS))


@dataclass(frozen=True, slots=True)
class _Stack:
    """What is the same for all trades of a body."""

    tokens: frozenset[str]
    dollars: Dollars
    latest_timestamp: float

    def update(self, priced: PricedToken | SimpleTrade, token: str, origin: "_Origin") -> Update:
        """The update of a trade of `token`. Raises BadRequest where its price is out of range."""
        price = parse_price(priced.price, where=f"{origin.where}'s price of {token}")
        via, price_usd = None, in_usd(price, self.dollars.sol_usd(origin.timestamp))
        if isinstance(priced, PricedToken) and priced.price_usd is not None:
            via, price_usd = priced.via, known_amount(priced.price_usd)
        return Update(
            token,
            price,
            origin.timestamp,
            origin.slot,
            origin.signature,
            side=priced.side,
            amount=known_amount(priced.amount),
            amount_sol=known_amount(priced.amount_sol),
            price_usd=price_usd,
            via=via,
        )


@dataclass(frozen=True, slots=True)
class _Origin:
    """The transaction that a trade was in; `where` it stands in the body."""

    timestamp: int
    slot: int
    signature: str
    index_in_block: int | None
    where: str


def _parse_body(body: bytes | str) -> object:
    try:
        return parse_json(body if isinstance(body, str) else body.decode(), where="body")
    except UnicodeDecodeError as error:
        raise BadRequest(f"body is not UTF-8 at byte {error.start}; send JSON as UTF-8") from error


def _parse_simple(trade: Json, x_token: str | None, stack: _Stack) -> Trades:
    if x_token is None:
        raise BadRequest(
            "the simple form needs the header x-token with the token's mint or name;"
            " Helius transactions come as a JSON array"
        )
    token = require_known(parse_token(x_token, where="header x-token"), stack.tokens)
    signature = parse_signature(trade.get("txSignature"), where="body.txSignature")
    timestamp = parse_timestamp(trade.get("timestamp"), where="body.timestamp")
    slot = parse_slot(trade.get("slot"), where="body.slot")
    if timestamp > stack.latest_timestamp:
        raise BadRequest(
            f"body.timestamp {timestamp} is more than {MAX_CLOCK_SKEW_SECONDS} s ahead of now;"
            " send Unix time in seconds, and check the sender's clock"
        )
    priced = price_simple(trade)
    if priced is None:
        detail = "nativeBalanceChange of vault_sol or user is 0"
        return Trades((), (Skip(signature, token, "zero_change", detail),))
    origin = _Origin(timestamp, slot, signature, None, "body")
    return Trades((Trade(update=stack.update(priced, token, origin)),), ())


def _parse_batch(transactions: Sequence[object], stack: _Stack) -> Trades:
    trades: dict[tuple[str, str], Trade] = {}
    skipped: list[Skip] = []
    for index, transaction in enumerate(transactions):
        for found in _parse_transaction(transaction, stack, where=f"body[{index}]"):
            if isinstance(found, Skip):
                skipped.append(found)
                continue
            update = found.update
            first = trades.setdefault((update.id, update.token), found).update
            if first.tx_signature != update.tx_signature:
                detail = f"{update.id} already names the trade {first.tx_signature}"
                skipped.append(Skip(update.tx_signature, update.token, "id_taken", detail))
    return Trades(tuple(sorted(trades.values(), key=_place)), tuple(skipped))


def _place(trade: Trade) -> tuple[int, int, int]:
    """Where `trade` stands in time; sorting leaves those of one place as they came."""
    return (trade.update.timestamp, trade.update.slot, trade.index_in_block or 0)


def _parse_transaction(value: object, stack: _Stack, *, where: str) -> list[Trade | Skip]:
    """The trades of one transaction of Helius, and what of it is skipped."""
    signature: str | None = None
    try:
        transaction = as_object(value, where=where)
        form = form_of(transaction)
        signature = form.signature(transaction, where=where)
        timestamp = form.timestamp(transaction, where=where)
        if timestamp > stack.latest_timestamp:
            detail = f"timestamp {timestamp} is more than {MAX_CLOCK_SKEW_SECONDS} s ahead of now"
            return [Skip(signature, None, "future_timestamp", detail)]
        slot = parse_slot(transaction.get("slot"), where=f"{where}.slot")
        if form.has_failed(transaction):
            detail = "it failed on the chain: nothing was traded"
            return [Skip(signature, None, "failed_transaction", detail)]
        movements = form.read(transaction, where=where)
        if isinstance(movements, NoPrice):
            return [Skip(signature, None, movements.reason, movements.detail)]
        origin = _Origin(timestamp, slot, signature, movements.index_in_block, where)
        return [
            _outcome(found, origin, stack)
            for found in price_in_sol(movements, stack.dollars.sol_usd(timestamp))
        ]
    except BadRequest as error:
        return [Skip(signature, None, "damaged", str(error))]
    except Exception:  # noqa: BLE001 - a retry would fail at it again, and its neighbours with it
        log.exception("transaction_failed", txSignature=signature)
        return [Skip(signature, None, "internal_error", "an error of ours, it is logged")]


def _outcome(found: PricedToken | NoPrice, origin: _Origin, stack: _Stack) -> Trade | Skip:
    """Of one token: what is wrong with it leaves the others of its transaction alone."""
    try:
        token = (
            None if found.mint is None else parse_token(found.mint, where=f"{origin.where}'s mint")
        )
    except BadRequest as error:
        return Skip(origin.signature, None, "damaged", str(error))
    if isinstance(found, NoPrice):
        return Skip(origin.signature, token, found.reason, found.detail)
    return _trade(found, found.mint, origin, stack)


def _trade(priced: PricedToken, token: str, origin: _Origin, stack: _Stack) -> Trade | Skip:
    if stack.tokens and token not in stack.tokens:
        return Skip(origin.signature, token, "token_not_configured", "glow:tokens does not list it")
    try:
        update = stack.update(priced, token, origin)
    except BadRequest as error:
        return Skip(origin.signature, token, "out_of_range", str(error))
    return Trade(update=update, index_in_block=origin.index_in_block)
