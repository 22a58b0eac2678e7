"""What the stand-in answers. Pure.

`prices.json` has quotes in Jupiter's shape, without `blockId` and `priceChange24h`. Prices sway by a few per
mille, and each second has another block, as on the chain.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

MAX_MINTS: Final = 50
PRICES: Final[Mapping[str, Mapping[str, object]]] = json.loads(
    Path(__file__).with_name("prices.json").read_text()
)

# Of the beginning of 2025, and how many follow in a second.
_FIRST_BLOCK: Final = 311_200_000
_FIRST_SECOND: Final = 1_735_689_600
_BLOCKS_PER_SECOND: Final = 2.5
_SWAY: Final = 0.003
_SWAY_SECONDS: Final = 600


@dataclass(frozen=True)
class Reply:
    """An HTTP answer. A status of 0: none at all."""

    status: int
    body: str


# What is answered while that fault is switched on.
FAULTS: Final[Mapping[str, Callable[[str], Reply]]] = {
    "rate-limit": lambda _good: Reply(429, '{"message":"Too many requests"}'),
    "down": lambda _good: Reply(503, "<html>no healthy upstream</html>"),
    "html": lambda _good: Reply(200, "<html>Just a moment…</html>"),
    "cut": lambda good: Reply(200, good[: len(good) // 2]),
    "nothing-known": lambda _good: Reply(200, "{}"),
    "silent": lambda _good: Reply(0, ""),
}


def reply_to(target: str, *, now: float, fault: str | None) -> Reply:
    """The answer to GET `target` at `now` (Unix seconds)."""
    url = urlsplit(target)
    if url.path != "/price/v3":
        return Reply(404, '{"message":"Route not found"}')
    mints = parse_qs(url.query).get("ids", [""])[0].split(",")
    if len(mints) > MAX_MINTS:
        return Reply(400, f'{{"message":"at most {MAX_MINTS} ids"}}')
    good = json.dumps({mint: _quote(mint, now) for mint in mints if mint in PRICES})
    return Reply(200, good) if fault is None else FAULTS[fault](good)


def _quote(mint: str, now: float) -> Mapping[str, object]:
    sway = _SWAY * math.sin(2 * math.pi * now / _SWAY_SECONDS)
    known = PRICES[mint]
    return {
        **known,
        "usdPrice": float(str(known["usdPrice"])) * (1 + sway),
        "blockId": _FIRST_BLOCK + int((now - _FIRST_SECOND) * _BLOCKS_PER_SECOND),
        "priceChange24h": round(sway * 100, 4),
    }
