"""What the accounts of a transaction gained and lost, put together from the rows of a body."""

from collections import defaultdict
from typing import Final

from functions.glow.errors import BadRequest
from functions.glow.fields import Json, as_object, integer, text
from functions.glow.trades.movements import SOL_DECIMALS, WRAPPED_SOL

MAX_UNITS: Final = 2**64 - 1  # lamports and SPL amounts are u64
MAX_DECIMALS: Final = 255  # an SPL mint keeps its decimals in a byte


class Balances:
    """Gathers changes by account and by owner, as Movements holds them."""

    def __init__(self) -> None:
        self.lamports: dict[str, int] = {}
        self.tokens: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.decimals: dict[str, int] = {WRAPPED_SOL: SOL_DECIMALS}
        self.rents: defaultdict[str, int] = defaultdict(int)
        self.owner_of: dict[str, str] = {}

    def add_account(self, address: str, lamports: int) -> None:
        """`lamports` are what the account at `address` gained."""
        self.lamports[address] = lamports

    def add_tokens(self, address: str, owner: str, mint: str, units: int) -> None:
        """`units` are what the token account at `address` gained. It was added as an account."""
        self.tokens[owner][mint] += units
        if owner != address:
            self.owner_of[address] = owner
            self.rents[owner] += self.lamports[address] - (units if mint == WRAPPED_SOL else 0)

    def amount(self, row: Json, key: str, units_key: str, *, where: str) -> tuple[str, int]:
        """The mint of `row`, and its units: `row[key]` holds them under `units_key`."""
        path = f"{where}.{key}"
        raw = as_object(row.get(key), where=path)
        decimals = integer(raw, "decimals", where=path)
        mint = text(row, "mint", where=where)
        if not 0 <= decimals <= MAX_DECIMALS:
            raise BadRequest(f"{path}.decimals must be a whole number from 0 to {MAX_DECIMALS}")
        if self.decimals.setdefault(mint, decimals) != decimals:
            raise BadRequest(f"{path}.decimals differ from those of another row of {mint}")
        return mint, units(raw, units_key, where=path)


def units(parent: Json, key: str, *, where: str) -> int:
    """`parent[key]`: lamports, or raw units of a mint. Below zero where it is a change."""
    value = integer(parent, key, where=where)
    if abs(value) > MAX_UNITS:
        raise BadRequest(f"{where}.{key} must fit 64 bits, as amounts do on Solana")
    return value


def optional_units(parent: Json, key: str, *, where: str) -> int | None:
    return None if parent.get(key) is None else units(parent, key, where=where)
