"""One recorded trade in both forms in which Helius posts it, with a new signature and time."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from workspace.paths import REPOSITORY

Json = dict[str, object]
_Transactions = list[Json]

# A buy on pump.fun. Its sources, and what its price must be, are beside the files.
FOLDER: Final = REPOSITORY / "tests" / "data" / "helius"
ENHANCED: Final = FOLDER / "enh_swap_pump_fun_buy_webhook.json"
RAW: Final = FOLDER / "raw_swap_pump_fun_buy_derived.json"

_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True, kw_only=True)
class Recording:
    """`type` is what Helius calls it, `accounts` are all that take part in it."""

    signature: str
    type: str
    accounts: frozenset[str]
    enhanced: Json
    raw: Json

    def body(self, webhook_type: str) -> list[Json]:
        """What a webhook of this type is sent."""
        return [self.raw if webhook_type.startswith("raw") else self.enhanced]


def swap(now: int) -> Recording:
    """The trade as if it had been made at `now`, in Unix seconds."""
    signature = "".join(secrets.choice(_BASE58) for _ in range(88))
    enhanced, raw = _first(ENHANCED), _first(RAW)
    envelope = cast("Json", raw["transaction"])
    return Recording(
        signature=signature,
        type=str(enhanced["type"]),
        accounts=frozenset(_accounts(enhanced)),
        enhanced=enhanced | {"signature": signature, "timestamp": now},
        raw=raw | {"blockTime": now, "transaction": envelope | {"signatures": [signature]}},
    )


def swap_mint() -> str:
    """The token that it trades."""
    (transfer,) = cast("_Transactions", _first(ENHANCED)["tokenTransfers"])
    return str(transfer["mint"])


def _accounts(enhanced: Json) -> Iterator[str]:
    for row in cast("_Transactions", enhanced["accountData"]):
        yield str(row["account"])
    for row in cast("_Transactions", enhanced["tokenTransfers"]):
        yield str(row["mint"])


def _first(file: Path) -> Json:
    return cast("_Transactions", json.loads(file.read_text()))[0]
