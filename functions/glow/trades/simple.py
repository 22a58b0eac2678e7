"""The trade in the simple form: two balance changes, and no more."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from functions.glow.errors import BadRequest
from functions.glow.fields import Json, integer, optional_objects
from functions.glow.token import shown
from functions.glow.trades.movements import LAMPORTS_PER_SOL
from functions.glow.trades.outcome import Side
from functions.glow.update import parse_price, rounded_price


@dataclass(frozen=True, slots=True)
class SimpleTrade:
    """`price` in SOL per token, `amount` in tokens, `amount_sol` in SOL, rounded as prices are.

    `side` is None where the signs are not those of one trade: a vault and a user that both gained
    made a buy, both lost a sale. Senders that write only sizes, or the vault's view, are taken too.
    """

    price: Decimal
    side: Side | None
    amount: Decimal
    amount_sol: Decimal


def price_simple(trade: Json) -> SimpleTrade | None:
    """|vault_sol change in lamports| / 1e9 / |user change in tokens|; None where one is zero.

    Lamports are whole, tokens may be fractional. Raises BadRequest that names the field.
    """
    accounts = optional_objects(trade, "accounts", where="body")
    vault_sol, user = _account(accounts, "vault_sol"), _account(accounts, "user")
    lamports = integer(vault_sol, "nativeBalanceChange", where="body.accounts.vault_sol")
    tokens = _tokens(
        user.get("nativeBalanceChange"), where="body.accounts.user.nativeBalanceChange"
    )
    if not lamports or not tokens:
        return None
    # copy_abs(), since abs() would round to the context's 28 digits
    sol, amount = Decimal(abs(lamports)) / LAMPORTS_PER_SOL, tokens.copy_abs()
    return SimpleTrade(
        price=parse_price(rounded_price(sol, amount), where="the price |vault_sol| / 1e9 / |user|"),
        side=_side(gained_sol=lamports > 0, gained_tokens=tokens > 0),
        amount=rounded_price(amount, 1),
        amount_sol=rounded_price(sol, 1),
    )


def _side(*, gained_sol: bool, gained_tokens: bool) -> Side | None:
    if gained_sol != gained_tokens:
        return None
    return "buy" if gained_sol else "sell"


def _account(accounts: Sequence[Json], address: str) -> Json:
    found = [account for account in accounts if account.get("address") == address]
    if len(found) == 1:
        return found[0]
    raise BadRequest(
        f'body.accounts must hold exactly one entry with "address":"{address}" and its'
        f" nativeBalanceChange; got {len(found)}"
    )


def _tokens(value: object, *, where: str) -> Decimal:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    raise BadRequest(f"{where} must be a JSON number of tokens; got {shown(value)}")
