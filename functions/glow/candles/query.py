"""Which part of a chart a request wants: `interval`, `from`, `to`, `limit`, and in which `currency`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from functions.glow.candles.chart import ChartSpan
from functions.glow.candles.intervals import INTERVALS
from functions.glow.errors import BadRequest
from functions.glow.token import shown
from functions.glow.update import MAX_TIMESTAMP

Currency = Literal["sol", "usd"]

DEFAULT_LIMIT: Final = 500
MAX_LIMIT: Final = 1_000
# A trade may be stamped so long ahead (trades/parse.py), and its candle begins later than now.
_AHEAD_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class ChartQuery:
    span: ChartSpan
    currency: Currency


def parse_chart(query: Mapping[str, str], *, now: float) -> ChartQuery:
    """Read the query parameters. Raises BadRequest that names the parameter and the remedy.

    `from` and `to` are Unix seconds: candles from the one that holds `from` to the last that begins
    before `to`. Without `to` the running one is the last. Without `from` it is so early that `limit`
    candles fit.
    """
    interval = INTERVALS.get(query.get("interval", ""))
    if interval is None:
        raise BadRequest(
            f"interval must be one of {', '.join(INTERVALS)}; got {shown(query.get('interval'))}"
        )
    limit = parse_limit(query, default=DEFAULT_LIMIT, most=MAX_LIMIT)
    end = _seconds(query, "to", default=int(now) + _AHEAD_SECONDS + 1)
    start = _seconds(
        query, "from", default=max(0, interval.start(end - 1) - (limit - 1) * interval.seconds)
    )
    if start >= end:
        raise BadRequest(f"from must lie before to; got from {start} and to {end}")
    return ChartQuery(
        ChartSpan(interval=interval, start=interval.start(start), end=end, limit=limit),
        _currency(query),
    )


def parse_limit(query: Mapping[str, str], *, default: int, most: int) -> int:
    text = query.get("limit")
    if text is None:
        return default
    if not (_is_number(text) and 1 <= int(text) <= most):
        raise BadRequest(f"limit must be a whole number from 1 to {most}; got {shown(text)}")
    return int(text)


def _currency(query: Mapping[str, str]) -> Currency:
    match query.get("currency", "sol"):
        case "sol":
            return "sol"
        case "usd":
            return "usd"
        case other:
            raise BadRequest(f"currency must be sol or usd; got {shown(other)}")


def _seconds(query: Mapping[str, str], name: str, *, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (_is_number(text) and int(text) <= MAX_TIMESTAMP):
        raise BadRequest(
            f"{name} must be Unix time in seconds, a whole number from 0 to {MAX_TIMESTAMP};"
            f" got {shown(text)}"
        )
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10
