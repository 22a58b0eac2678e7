"""The trades of a scenario: number n is that of second n; so many tokens were traded."""

from typing import Any, Final

START: Final = 1_700_000_000


def a_trade(token: str, n: int, *, has_dollars: bool = False) -> dict[str, Any]:
    timestamp, signature = START + n, f"s{n:015d}"
    return {
        "type": "PRICE_UPDATE",
        "token": token,
        "price": 1 + n / 1_000,
        **({"priceUsd": 2 + n / 1_000} if has_dollars else {}),
        "amount": n,
        "timestamp": timestamp,
        "slot": n,
        "txSignature": signature,
        "id": f"{timestamp}-{n:012d}-{signature}",
    }


def number_of(id_: str) -> int:
    """The number of a trade, or of the second with which an id begins."""
    return int(id_[:10]) - START
