"""The two forms in which Helius sends a transaction: where each keeps what names it, and its reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, cast

from functions.glow.fields import Json
from functions.glow.token import parse_signature
from functions.glow.trades.enhanced import read_enhanced
from functions.glow.trades.movements import Movements
from functions.glow.trades.outcome import NoPrice
from functions.glow.trades.raw import read_raw
from functions.glow.update import parse_timestamp

_Path = Sequence[str | int]


class _Reader(Protocol):
    def __call__(self, transaction: Json, /, *, where: str) -> Movements | NoPrice: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """`read` is for a transaction that did not fail. It raises BadRequest, as the methods do."""

    signature_at: _Path
    timestamp_at: _Path
    error_at: _Path
    read: _Reader

    def signature(self, transaction: Json, *, where: str) -> str:
        value = _found(transaction, self.signature_at)
        return parse_signature(value, where=_named(where, self.signature_at))

    def timestamp(self, transaction: Json, *, where: str) -> int:
        value = _found(transaction, self.timestamp_at)
        return parse_timestamp(value, where=_named(where, self.timestamp_at))

    def has_failed(self, transaction: Json) -> bool:
        return _found(transaction, self.error_at) is not None


_ENHANCED: Final = Form(
    signature_at=("signature",),
    timestamp_at=("timestamp",),
    error_at=("transactionError",),
    read=read_enhanced,
)
_RAW: Final = Form(
    signature_at=("transaction", "signatures", 0),
    timestamp_at=("blockTime",),
    error_at=("meta", "err"),
    read=read_raw,
)


def form_of(transaction: Json) -> Form:
    """By the fields that RAW bodies alone have."""
    return _RAW if {"transaction", "meta"} & transaction.keys() else _ENHANCED


def _found(value: object, path: _Path) -> object:
    """What stands at `path` in `value`; None where nothing does."""
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):
            value = cast("Json", value).get(step)
        elif isinstance(step, int) and isinstance(value, list):
            value = next(iter(cast("list[object]", value)[step:]), None)
        else:
            return None
    return value


def _named(where: str, path: _Path) -> str:
    return where + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
