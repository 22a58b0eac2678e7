"""The candles of the virtual stack: computed from its trades at each request."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from client.candle import SECONDS
from tests.client.scenarios.trades import START

_MINUTE: Final = 60
# As functions/glow/candles/query.py.
_SECONDS: Final = re.compile("[0-9]{1,10}")


def candles_of(
    stored: Sequence[tuple[dict[str, Any], float]],
    query: Mapping[str, str],
    *,
    second: float,
    rows_after: float,
) -> tuple[int, dict[str, Any]]:
    """The status and what GET /tokens/{token}/candles answers.

    `stored` are trades in order, with the second at which each was stored. Those of the last `rows_after`
    seconds are not in their rows yet; those of the running minute are in the answer at once.
    """
    from_ = query.get("from", "0")
    if _SECONDS.fullmatch(from_) is None:
        text = f"from must be Unix time in seconds; got {from_}"
        return 400, {"error": {"code": "BAD_REQUEST", "message": text}}
    seconds = SECONDS[query["interval"]]
    now = START + second
    minute = int(now) - int(now) % _MINUTE
    rows = [
        update
        for update, stored_at in stored
        if update.get("source") != "jupiter"
        and (update["timestamp"] >= minute or stored_at <= second - rows_after)
    ]
    candles = [
        _candle(time, list(trades), query["currency"], is_running=time + seconds > now)
        for time, trades in groupby(rows, key=lambda update: _start(update["timestamp"], seconds))
        if time >= _start(int(from_), seconds)
    ]
    return 200, {"candles": candles, "next": None}


def _start(time: int, seconds: int) -> int:
    return time - time % seconds


def _candle(
    time: int, trades: Sequence[dict[str, Any]], currency: str, *, is_running: bool
) -> dict[str, Any]:
    return {
        "time": time,
        **_corners([trade.get("priceUsd" if currency == "usd" else "price") for trade in trades]),
        "volume": sum(trade["amount"] for trade in trades),
        "trades": len(trades),
        **({"running": True} if is_running else {}),
    }


def _corners(prices: Sequence[float | None]) -> dict[str, float]:
    """None where a trade has no price."""
    known = [price for price in prices if price is not None]
    if len(known) < len(prices):
        return {}
    return {"open": known[0], "high": max(known), "low": min(known), "close": known[-1]}
