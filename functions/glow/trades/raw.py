"""Reads a Helius RAW transaction into the common form.

It holds balances before and after, which say the same as an ENHANCED body's changes, and no
transfers: those are read from the instructions, as Helius does. Nor does it hold a swap event.

It tells all accounts or none, so unlike an ENHANCED body it is never read in part: rows that are
missing, or that contradict each other, are a named skip.
"""

from collections.abc import Mapping
from typing import Final

from functions.glow.fields import Json, as_object
from functions.glow.trades.balances import Balances
from functions.glow.trades.instructions import native_transfer, token_steps
from functions.glow.trades.movements import NOBODY, Call, Movements
from functions.glow.trades.outcome import NoPrice
from functions.glow.trades.raw_body import RawBody
from functions.glow.trades.token_accounts import (
    TokenAccount,
    joined,
    objection,
    transfers_between,
)

_NEEDED: Final = (  # null where a node does not record it
    "fee",
    "preBalances",
    "postBalances",
    "preTokenBalances",
    "postTokenBalances",
    "innerInstructions",
)


def read_raw(transaction: Json, *, where: str) -> Movements | NoPrice:
    """The movements of `transaction`, which did not fail; NoPrice where it does not tell them all.

    Raises BadRequest where a field is damaged.
    """
    if transaction.get("meta") is None:
        return NoPrice("trimmed", "the body lacks meta")
    meta = as_object(transaction["meta"], where=f"{where}.meta")
    for key in _NEEDED:
        if meta.get(key) is None:
            return NoPrice("trimmed", f"the body lacks meta.{key}")
    body, balances = RawBody(transaction, where=where), Balances()
    accounts = _read_balances(body, balances)
    if isinstance(accounts, NoPrice):
        return accounts
    instructions = tuple(body.instructions())
    steps = [step for instruction in instructions for step in token_steps(instruction)]
    transfers = transfers_between(accounts, steps, balances.decimals)
    if isinstance(transfers, NoPrice):
        return transfers
    sent = (native_transfer(instruction) for instruction in instructions)
    return objection(accounts, steps) or Movements(
        fee_payer=body.addresses[0],
        fee=body.fee,
        lamports=balances.lamports,
        tokens=balances.tokens,
        decimals=balances.decimals,
        rents=balances.rents,
        transfers=transfers,
        native_transfers=tuple(transfer for transfer in sent if transfer),
        event=None,
        calls=tuple(Call(each.program, each.accounts) for each in instructions),
        owner_of=balances.owner_of,
        index_in_block=body.index_in_block,
    )


def _read_balances(body: RawBody, balances: Balances) -> Mapping[str, TokenAccount] | NoPrice:
    """Fill `balances`; the token accounts by address."""
    lamports = body.lamports()
    if lamports is None:
        return NoPrice("trimmed", "the body does not tell all accounts and their lamports")
    for address, (before, after) in lamports.items():
        balances.add_account(address, after - before)
    if sum(balances.lamports.values()) != -body.fee:
        detail = "what all accounts lost is not the fee"
        return NoPrice("witnesses_disagree", detail)
    first = body.holdings("preTokenBalances", balances)
    last = body.holdings("postTokenBalances", balances)
    if any(holding.owner == NOBODY for holding in (*first.values(), *last.values())):
        return NoPrice("trimmed", "the body does not tell whose its token accounts are")
    accounts = joined(first, last, lamports)
    if not isinstance(accounts, NoPrice):
        for address, account in accounts.items():
            if account.gained:  # the others are in no row of an ENHANCED body, either
                balances.add_tokens(address, account.owner, account.mint, account.gained)
    return accounts
