"""The fields of a RAW transaction: as a node answers getTransaction in the encoding `json`.

It names accounts by their index in a list that stands in three places: `accountKeys`, then what
version 0 loads from lookup tables, writable and readonly.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeGuard

from functions.glow.errors import BadRequest
from functions.glow.fields import Json, as_array, as_object, optional_objects, text, texts
from functions.glow.token import shown
from functions.glow.trades.balances import MAX_UNITS, Balances, optional_units, units
from functions.glow.trades.instructions import Instruction
from functions.glow.trades.movements import NOBODY
from functions.glow.trades.token_accounts import Holding

_VERSIONS: Final = (None, "legacy", 0, 1)  # None: of a node that was not asked for versions


class RawBody:
    """Every method and the constructor raise BadRequest where a field is damaged."""

    def __init__(self, transaction: Json, *, where: str) -> None:
        envelope = as_object(transaction.get("transaction"), where=f"{where}.transaction")
        self._meta_path = f"{where}.meta"
        self._meta = as_object(transaction.get("meta"), where=self._meta_path)
        self._message_path = f"{where}.transaction.message"
        self._message = as_object(envelope.get("message"), where=self._message_path)
        version = transaction.get("version")
        if isinstance(version, bool) or version not in _VERSIONS:
            raise BadRequest(f"{where}.version must be legacy, 0 or 1; got {shown(version)}")
        self.index_in_block: Final = optional_units(transaction, "indexWithinBlock", where=where)
        self.fee: Final = units(self._meta, "fee", where=self._meta_path)
        self.addresses: Final = self._read_addresses()

    def _read_addresses(self) -> Sequence[str]:
        loaded = self._meta.get("loadedAddresses")
        path = f"{self._meta_path}.loadedAddresses"
        lists = as_object({} if loaded is None else loaded, where=path)
        addresses = [
            *texts(self._message, "accountKeys", where=self._message_path),
            *texts(lists, "writable", where=path),
            *texts(lists, "readonly", where=path),
        ]
        if not addresses or NOBODY in addresses or len({*addresses}) < len(addresses):
            raise BadRequest(f"{self._message_path}.accountKeys must name each account once")
        return addresses

    def lamports(self) -> Mapping[str, tuple[int, int]] | None:
        """Before and after, by address; None where the body does not tell those of all accounts."""
        before, after = self._lamports("preBalances"), self._lamports("postBalances")
        if not len(before) == len(after) == len(self.addresses):
            return None
        return dict(zip(self.addresses, zip(before, after, strict=True), strict=True))

    def _lamports(self, key: str) -> Sequence[int]:
        path = f"{self._meta_path}.{key}"
        values = as_array(self._meta.get(key), where=path)
        found = [value for value in values if _is_whole(value) and value <= MAX_UNITS]
        if len(found) < len(values):
            raise BadRequest(f"{path} must hold lamports, from 0 to {MAX_UNITS}")
        return found

    def holdings(self, key: str, balances: Balances) -> Mapping[str, Holding]:
        """The token accounts of `meta[key]` by address; the owner is NOBODY where it is not told."""
        holdings: dict[str, Holding] = {}
        for index, row in enumerate(optional_objects(self._meta, key, where=self._meta_path)):
            path = f"{self._meta_path}.{key}[{index}]"
            address = self._address(row.get("accountIndex"), where=f"{path}.accountIndex")
            mint, held = balances.amount(row, "uiTokenAmount", "amount", where=path)
            if held < 0 or address in holdings:
                raise BadRequest(f"{path} must be the only row of its account, and not below 0")
            owner = NOBODY if row.get("owner") is None else text(row, "owner", where=path)
            holdings[address] = Holding(owner, mint, held)
        return holdings

    def instructions(self) -> Iterator[Instruction]:
        """Each before those that it made in turn."""
        outers = optional_objects(self._message, "instructions", where=self._message_path)
        inners = self._inner_instructions(len(outers))
        for index, outer in enumerate(outers):
            yield self._instruction(outer, where=f"{self._message_path}.instructions[{index}]")
            yield from inners[index]

    def _inner_instructions(self, outers: int) -> Mapping[int, Sequence[Instruction]]:
        inners: defaultdict[int, list[Instruction]] = defaultdict(list)
        groups = optional_objects(self._meta, "innerInstructions", where=self._meta_path)
        for place, group in enumerate(groups):
            path = f"{self._meta_path}.innerInstructions[{place}]"
            outer = group.get("index")
            if not _is_whole(outer) or outer >= outers:
                raise BadRequest(f"{path}.index must be that of an instruction; got {shown(outer)}")
            for index, row in enumerate(optional_objects(group, "instructions", where=path)):
                inner = self._instruction(row, where=f"{path}.instructions[{index}]")
                inners[outer].append(inner)
        return inners

    def _instruction(self, row: Json, *, where: str) -> Instruction:
        program = self._address(row.get("programIdIndex"), where=f"{where}.programIdIndex")
        path = f"{where}.accounts"
        indexes = as_array(row.get("accounts"), where=path)
        accounts = [self._address(index, where=path) for index in indexes]
        return Instruction(program, accounts, text(row, "data", where=where), where)

    def _address(self, index: object, *, where: str) -> str:
        if _is_whole(index) and index < len(self.addresses):
            return self.addresses[index]
        raise BadRequest(f"{where} must be the index of an account; got {shown(index)}")


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
