"""The SOL price in the simple form of a trade: two balance changes, and no more."""

from collections.abc import Sequence
from decimal import Decimal

from functions.glow.errors import BadRequest
from functions.glow.fields import Json, integer, optional_objects
from functions.glow.token import shown
from functions.glow.trades.helius import LAMPORTS_PER_SOL
from functions.glow.update import parse_price, rounded_price


def price_simple(trade: Json) -> Decimal | None:
    """|vault_sol change in lamports| / 1e9 / |user change in tokens|; None where one is zero.

    Lamports are whole, tokens may be fractional. Raises BadRequest that names the field.
    """
    accounts = optional_objects(trade, "accounts", where="body")
    vault_sol, user = _account(accounts, "vault_sol"), _account(accounts, "user")
    lamports = abs(integer(vault_sol, "nativeBalanceChange", where="body.accounts.vault_sol"))
    tokens = _tokens(
        user.get("nativeBalanceChange"), where="body.accounts.user.nativeBalanceChange"
    )
    if not lamports or not tokens:
        return None
    price = rounded_price(Decimal(lamports) / LAMPORTS_PER_SOL, tokens)
    return parse_price(price, where="the price |vault_sol| / 1e9 / |user|")


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
        return Decimal(value).copy_abs()  # abs() would round to the context's 28 digits
    raise BadRequest(f"{where} must be a JSON number of tokens; got {shown(value)}")
