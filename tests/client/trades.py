"""Updates in the form in which a path sends them."""

from typing import Any

Update = dict[str, Any]

TOKEN = "SOL"
START = 1_750_000_000


def an_update(second: int, *, token: str = TOKEN) -> Update:
    """The trade `second` seconds after START; each has its own price."""
    timestamp, slot, signature = START + second, 300_000_000 + second, f"sig{second}"
    return {
        "type": "PRICE_UPDATE",
        "token": token,
        "price": 1 + second / 1_000,
        "timestamp": timestamp,
        "slot": slot,
        "txSignature": signature,
        "id": f"{timestamp:010d}-{slot:012d}-{signature}",
    }


def ids(*seconds: int) -> list[str]:
    return [an_update(second)["id"] for second in seconds]
