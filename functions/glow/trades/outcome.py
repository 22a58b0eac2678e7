"""What pricing a transaction yields: a token's price, or why there is none."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from functions.glow.update import Side, Stable

PricePath = Literal[
    "balances",  # a pool that holds wrapped SOL
    "native_balance",  # a curve that holds its SOL as lamports
    "route",  # SOL at one end, the token at the other, other mints between
    "swap_event",  # the event, borne out by the balances of the trader
]
NoPriceReason = Literal[
    "not_a_trade",  # a transfer, a mint, a deposit, a vote: no two things changed hands
    "token_to_token",  # traded, but not against SOL
    "multi_hop",  # traded over other mints, and the ends of the route cannot be told
    "no_pool",  # somebody traded, but no account took the other side
    "several_tokens",  # one account gave SOL for two tokens: which part bought what?
    "opposite_trades",  # bought and sold in one transaction: the net change is no trade
    "sides_unclear",  # two accounts took opposite sides: which is the pool?
    "witnesses_disagree",  # balances, transfers and event tell different stories
    "loan",  # a lending program moved it
    "nft",  # one piece of something that cannot be divided
    "rent",  # the payment cannot be told from the rent in it
    "trimmed",  # rows that would tell the price are not in the body
    "dust",  # nothing, or too little to have a price
]


@dataclass(frozen=True, slots=True)
class PricedToken:
    """A trade of `mint`: `price` in SOL per token, `amount` in tokens, `amount_sol` in SOL.

    `side` is what the traders did: "buy" where the pool gave tokens away. None where it cannot be
    told which account was the pool, and the price is the same either way. `path` says which part of
    the body the price came from. `via`: it was paid in that, at `price_usd` (stable.py).
    """

    mint: str
    price: Decimal
    side: Side | None
    amount: Decimal
    amount_sol: Decimal
    path: PricePath
    price_usd: Decimal | None = None
    via: Stable | None = None


@dataclass(frozen=True, slots=True)
class NoPrice:
    """Why a sound transaction, or `mint` in it, yields no SOL price."""

    reason: NoPriceReason
    detail: str
    mint: str | None = None
