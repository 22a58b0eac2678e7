"""The SOL price in one Helius ENHANCED transaction.

Read from `events.swap` where Helius filled it, else from the account balances: many DEXs fill only
those. The legs decide, never `type`: pump.fun's AMM is typed BUY or SELL, and real swaps also arrive
as UNKNOWN or TOKEN_MINT. Only whole lamports and raw token units are counted; `tokenTransfers`
carries floats, so it says who traded with whom, but not how much.

Fees, tips and rent stay out, because the price is what the pool gained against what it lost, not
what the trader's wallet paid all in (2 % more in the pump.fun sample).

A loan (SOL in as collateral, token out, same counterparty) has the legs of a swap and cannot be told
from one here: leave lending programs out of what the webhook listens to.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Literal

from functions.glow.errors import BadRequest
from functions.glow.fields import Json, as_object, integer, optional_objects, text
from functions.glow.update import rounded_price

WRAPPED_SOL: Final = "So11111111111111111111111111111111111111112"
SOL_DECIMALS: Final = 9
LAMPORTS_PER_SOL: Final = 10**SOL_DECIMALS
MAX_UNITS: Final = 2**64 - 1  # lamports and SPL amounts are u64
MAX_DECIMALS: Final = 255  # an SPL mint keeps its decimals in a byte
# Amounts are cut to whole units: of fewer than 1,000, that alone moves the price by over 0.1 %.
DUST_UNITS: Final = 1_000

PricePath = Literal["swap_event", "balances", "native_balance"]
NoPriceReason = Literal[
    "failed_transaction",  # it moved nothing but its fee
    "not_a_trade",  # a transfer, a mint, a vote: nobody exchanged two things with the fee payer
    "token_to_token",  # traded, but not against SOL
    "same_mint",  # the same mint on both sides
    "several_tokens",  # SOL and a token, or two tokens, on one side: which part bought what?
    "several_hops",  # the token only passed through: no single account swapped it for SOL
    "dust",  # nothing, or too little to have a price
]


@dataclass(frozen=True, slots=True)
class PricedToken:
    """`price` in SOL per token of `mint`, and which part of the body it came from."""

    mint: str
    price: Decimal
    path: PricePath


@dataclass(frozen=True, slots=True)
class NoPrice:
    """Why a sound transaction yields no SOL price."""

    reason: NoPriceReason
    detail: str


def price_transaction(transaction: Json, *, where: str) -> list[PricedToken | NoPrice]:
    """The prices in `transaction`, one per token, or why there are none; never empty.

    Raises BadRequest where a field that is needed is damaged.
    """
    if transaction.get("transactionError") is not None:
        return [NoPrice("failed_transaction", "transactionError is set: nothing was traded")]
    sides = _swap_sides(transaction, where=where)
    trades = [_trade(*sides, "swap_event")] if sides else _balance_trades(transaction, where=where)
    return [trade.priced() if isinstance(trade, _Trade) else trade for trade in trades]


@dataclass(frozen=True, slots=True)
class _Amount:
    """Raw units of a mint, signed where they are a change. SOL, wrapped or not, has 9 decimals."""

    units: int
    decimals: int

    def __add__(self, other: "_Amount") -> "_Amount":
        return _Amount(self.units + other.units, self.decimals)

    def __neg__(self) -> "_Amount":
        return _Amount(-self.units, self.decimals)

    @property
    def is_dust(self) -> bool:
        # A mint without decimals is never cut, however few of it move.
        return self.units < (DUST_UNITS if self.decimals else 1)


_NOTHING: Final = _Amount(0, 0)
_Side = Mapping[str, _Amount]  # what moved one way, by mint; SOL under WRAPPED_SOL


@dataclass(frozen=True, slots=True)
class _Trade:
    """SOL against one token."""

    sol: _Amount
    mint: str
    tokens: _Amount
    path: PricePath

    def __add__(self, other: "_Trade") -> "_Trade":
        return replace(self, sol=self.sol + other.sol, tokens=self.tokens + other.tokens)

    def priced(self) -> PricedToken | NoPrice:
        lamports, units = self.sol.units, self.tokens.units
        if self.sol.is_dust or self.tokens.is_dust:
            return NoPrice("dust", f"only {lamports} lamports for {units} units of {self.mint}")
        price = rounded_price(lamports * 10**self.tokens.decimals, units * LAMPORTS_PER_SOL)
        return PricedToken(self.mint, price, self.path)


def _trade(given: _Side, taken: _Side, path: PricePath) -> _Trade | NoPrice:
    """The one trade in what was given for what was taken."""
    if given.keys() & taken.keys():
        return NoPrice("same_mint", "the same mint is on both sides of the swap")
    if WRAPPED_SOL not in given and WRAPPED_SOL not in taken:
        return NoPrice("token_to_token", "the swap has no SOL on either side")
    if len(given) > 1 or len(taken) > 1:
        return NoPrice("several_tokens", "the swap is not SOL against one token")
    sol, other = (given, taken) if WRAPPED_SOL in given else (taken, given)
    ((mint, tokens),) = other.items()
    return _Trade(sol[WRAPPED_SOL], mint, tokens, path)


def _swap_sides(transaction: Json, *, where: str) -> tuple[_Side, _Side] | None:
    """Input and output of `events.swap`; None where Helius left it, or a side of it, empty."""
    events = _optional_object(transaction, "events", where=where)
    swap = _optional_object(events, "swap", where=f"{where}.events")
    path = f"{where}.events.swap"
    given = _swap_side(swap, "nativeInput", "tokenInputs", where=path)
    taken = _swap_side(swap, "nativeOutput", "tokenOutputs", where=path)
    return (given, taken) if given and taken else None


def _swap_side(swap: Json, native_key: str, tokens_key: str, *, where: str) -> _Side:
    side: dict[str, _Amount] = {}
    native = _optional_object(swap, native_key, where=where)
    if native:
        lamports = _units(native, "amount", where=f"{where}.{native_key}")
        side[WRAPPED_SOL] = _Amount(lamports, SOL_DECIMALS)
    for index, row in enumerate(optional_objects(swap, tokens_key, where=where)):
        mint, amount = _token_amount(row, where=f"{where}.{tokens_key}[{index}]")
        side[mint] = amount + side.get(mint, _NOTHING)
    return side


def _balance_trades(transaction: Json, *, where: str) -> list[_Trade | NoPrice]:
    """The trades of the fee payer with each account that it exchanged tokens with."""
    trader = text(transaction, "feePayer", where=where)
    partners = _partners(transaction, trader, where=where)
    balances = _Balances.read(transaction, where=where)
    trades: dict[str, _Trade] = {}
    misses: list[NoPrice] = []
    for partner, mints in partners.items():
        trade = _exchange(partner, mints, trader, balances)
        if isinstance(trade, NoPrice):
            misses.append(trade)
        elif trade:
            # One order split over several pools has one price: all its SOL over all its tokens.
            known = trades.get(trade.mint)
            trades[trade.mint] = known + trade if known else trade
    if trades:
        return list(trades.values())
    nothing = NoPrice("not_a_trade", "no account exchanged a token for SOL with the fee payer")
    return [misses[0] if misses else nothing]


@dataclass(frozen=True, slots=True)
class _Transfer:
    """Who sent which mint to whom; "" is nobody: the mint was created or burned."""

    sender: str
    receiver: str
    mint: str

    @classmethod
    def read(cls, row: Json, *, where: str) -> "_Transfer":
        return cls(
            sender=_owner(row, "fromUserAccount", where=where),
            receiver=_owner(row, "toUserAccount", where=where),
            mint=text(row, "mint", where=where),
        )


def _partners(transaction: Json, trader: str, *, where: str) -> dict[str, set[str]]:
    """The accounts that tokens went to from `trader`, or came from, and which mints."""
    partners: dict[str, set[str]] = {}
    for index, row in enumerate(optional_objects(transaction, "tokenTransfers", where=where)):
        transfer = _Transfer.read(row, where=f"{where}.tokenTransfers[{index}]")
        if trader in (transfer.sender, transfer.receiver):
            partner = transfer.receiver if transfer.sender == trader else transfer.sender
            if partner not in ("", trader):
                partners.setdefault(partner, set()).add(transfer.mint)
    return partners


@dataclass(frozen=True, slots=True)
class _Balances:
    """Net changes of a transaction: lamports by account, tokens by mint and owner."""

    lamports: Mapping[str, int]
    tokens: Mapping[str, Mapping[str, _Amount]]

    @classmethod
    def read(cls, transaction: Json, *, where: str) -> "_Balances":
        lamports: dict[str, int] = {}
        tokens: dict[str, dict[str, _Amount]] = {}
        for index, account in enumerate(optional_objects(transaction, "accountData", where=where)):
            path = f"{where}.accountData[{index}]"
            address = text(account, "account", where=path)
            lamports[address] = _units(account, "nativeBalanceChange", where=path)
            for row in optional_objects(account, "tokenBalanceChanges", where=path):
                mint, amount = _token_amount(row, where=f"{path}.tokenBalanceChanges")
                owners = tokens.setdefault(mint, {})
                owner = text(row, "userAccount", where=f"{path}.tokenBalanceChanges")
                owners[owner] = amount + owners.get(owner, _NOTHING)
        return cls(lamports, tokens)

    def of_partner(self, partner: str, mint: str, trader: str) -> _Amount:
        owners = self.tokens.get(mint, {})
        if set(owners) == {trader}:
            # A body trimmed to the trader's accounts: what the trader got, the partner gave.
            return -owners[trader]
        return owners.get(partner, _NOTHING)

    def is_kept(self, trader: str, mint: str, partner_change: _Amount) -> bool:
        """Whether at least half of what the partner moved is what the trader has more, or less.

        Half, since a fee or an onward transfer may take some of it (0.8 % in the TOKEN_MINT
        sample), while the mint between two hops leaves the trader with nothing of it, or dust.
        """
        moved = partner_change.units
        held = self.tokens.get(mint, {}).get(trader, _NOTHING).units
        return -2 * held * moved >= moved * moved


def _exchange(
    partner: str, mints: Set[str], trader: str, balances: _Balances
) -> _Trade | NoPrice | None:
    """The trade between the two; None where `partner` did not give one thing for another.

    The SOL is the wrapped SOL that went between them, else the lamports of `partner`, since a
    pump.fun curve holds its SOL unwrapped.
    """
    changes = {mint: balances.of_partner(partner, mint, trader) for mint in mints}
    path: PricePath = "balances"
    if WRAPPED_SOL not in mints:
        changes[WRAPPED_SOL] = _Amount(balances.lamports.get(partner, 0), SOL_DECIMALS)
        path = "native_balance"
    given = {mint: change for mint, change in changes.items() if change.units > 0}
    taken = {mint: -change for mint, change in changes.items() if change.units < 0}
    if not given or not taken:
        routed = len(mints) > 1 and len(given) + len(taken) < len(mints)
        return NoPrice("several_hops", f"{partner} passed the trade on") if routed else None
    trade = _trade(given, taken, path)
    if isinstance(trade, _Trade) and not balances.is_kept(trader, trade.mint, changes[trade.mint]):
        return NoPrice("several_hops", f"{trade.mint} only passed through the fee payer")
    return trade


def _optional_object(parent: Json, key: str, *, where: str) -> Json:
    """`parent[key]`; empty where Helius leaves the field out or null."""
    value = parent.get(key)
    return {} if value is None else as_object(value, where=f"{where}.{key}")


def _owner(row: Json, key: str, *, where: str) -> str:
    """The account in `row[key]`; Helius writes "" or null where there is none."""
    return "" if row.get(key) is None else text(row, key, where=where)


def _token_amount(row: Json, *, where: str) -> tuple[str, _Amount]:
    path = f"{where}.rawTokenAmount"
    raw = as_object(row.get("rawTokenAmount"), where=path)
    decimals = integer(raw, "decimals", where=path)
    if not 0 <= decimals <= MAX_DECIMALS:
        raise BadRequest(f"{path}.decimals must be a whole number from 0 to {MAX_DECIMALS}")
    amount = _Amount(_units(raw, "tokenAmount", where=path), decimals)
    return text(row, "mint", where=where), amount


def _units(parent: Json, key: str, *, where: str) -> int:
    units = integer(parent, key, where=where)
    if abs(units) > MAX_UNITS:
        raise BadRequest(f"{where}.{key} must fit 64 bits, as amounts do on Solana")
    return units
