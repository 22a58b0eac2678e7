"""The trades of the demonstrations: those in the simple form are made up here."""

import secrets
from dataclasses import dataclass, field
from typing import Final

SIMPLE_TOKEN: Final = "DEMO_TOKEN"  # noqa: S105  a token that is traded
SIMPLE_SLOT: Final = 250_000_000


@dataclass(frozen=True, kw_only=True)
class Trade:
    """What a client must hear of a trade; `body` and `headers` are for who posts it to the webhook."""

    title: str
    token: str
    signature: str
    body: object = None
    headers: dict[str, str] = field(default_factory=dict[str, str])


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
