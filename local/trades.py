"""The trades of the demonstrations: a real one with a new signature and time, and a simple one."""

import json
import secrets
from dataclasses import dataclass
from typing import Final, cast

from workspace.paths import REPOSITORY

# A real swap of 150 USDC for 1.00019736 SOL, as Helius sends it; its source is beside it.
SWAP: Final = REPOSITORY / "tests" / "data" / "helius" / "enh_swap_jupiter_usdc_to_sol_1hop.json"
SWAP_MINT: Final = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
SIMPLE_TOKEN: Final = "DEMO_TOKEN"  # noqa: S105  a token that is traded
SIMPLE_SLOT: Final = 250_000_000

BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True, kw_only=True)
class Trade:
    """A body for the webhook, and what a client must hear of it."""

    title: str
    token: str
    signature: str
    body: object
    headers: dict[str, str]


def real_swap(now: int) -> Trade:
    """Return the real body with a new signature and time."""
    (transaction,) = cast("list[dict[str, object]]", json.loads(SWAP.read_text()))
    signature = "".join(secrets.choice(BASE58) for _ in range(88))
    body = [transaction | {"signature": signature, "timestamp": now}]
    return Trade(title="Helius swap", token=SWAP_MINT, signature=signature, body=body, headers={})


def simple_trade(
    now: int,
    token: str = SIMPLE_TOKEN,
    *,
    lamports: int = 2_500_000_000,
    slot: int = SIMPLE_SLOT,
) -> Trade:
    """Return a trade in the simple form: 1,000 tokens for so many lamports, 2.5 SOL by default."""
    signature = f"demo{secrets.token_hex(8)}"
    body = {
        "type": "SWAP",
        "txSignature": signature,
        "slot": slot,
        "timestamp": now,
        "accounts": [
            {"address": "vault_sol", "nativeBalanceChange": -lamports},
            {"address": "user", "nativeBalanceChange": 1_000},
        ],
    }
    return Trade(
        title="simple form",
        token=token,
        signature=signature,
        body=body,
        headers={"x-token": token},
    )
