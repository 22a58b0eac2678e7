"""Trades as Helius posts them: recorded bodies, each with a signature, slot and time of its own."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from functions.glow.prices.items import item_of
from functions.glow.prices.row import Details
from functions.glow.trades.parse import Trades, parse_webhook

RECORDED: Final = Path(__file__).parent.parent / "tests" / "data" / "helius"
ENHANCED: Final = (RECORDED / "enh_swap_pump_fun_buy_webhook.json").read_text()
RAW: Final = (RECORDED / "raw_swap_pump_fun_buy_derived.json").read_text()
MINT: Final = "DgWA3F1w6fzhf4jtphvBAcSqbK9iXHqmMRH6Sr1Gpump"
FIRST_SLOT: Final = 440_000_000

# As many as the gate reads (prices/table.py).
_NEWEST: Final = 20


def enhanced(number: int, *, timestamp: int, mint: str = MINT) -> Mapping[str, object]:
    """The recorded buy as an ENHANCED webhook has it."""
    (trade,) = json.loads(ENHANCED.replace(MINT, mint))
    signature = _signature(number)
    return trade | {"signature": signature, "timestamp": timestamp, "slot": FIRST_SLOT + number}


def raw(number: int, *, timestamp: int) -> Mapping[str, object]:
    """The same as a RAW webhook has it."""
    (trade,) = json.loads(RAW)
    trade["transaction"]["signatures"] = [_signature(number)]
    return trade | {"blockTime": timestamp, "slot": FIRST_SLOT + number}


def parsed(trades: Sequence[Mapping[str, object]], *, now: float) -> Trades:
    """What the webhook reads in a body of `trades`."""
    return parse_webhook(json.dumps(trades), x_token=None, tokens=frozenset(), now=now)


def newest_rows() -> list[Mapping[str, object]]:
    """The rows of the price table that the gate sees of a busy token."""
    now = int(time.time())
    trades = [enhanced(number, timestamp=now) for number in range(_NEWEST)]
    moment = {"arrivedAtMs": {"N": str(now * 1000)}, "expiresAt": {"N": str(now + 86_400)}}
    return [
        {**item_of(update, Details()), **moment, "indexInBody": {"N": "0"}}
        for update in reversed(parsed(trades, now=now).updates)
    ]


def _signature(number: int) -> str:
    """Of 88 characters, as most are. An update's id holds the first 16."""
    return f"{number:016d}".replace("0", "z").ljust(88, "z")
