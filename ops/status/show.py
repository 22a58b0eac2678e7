"""A reading as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from functions.glow.paths import PATHS
from ops.status.reading import (
    QueueReading,
    RatesReading,
    Reading,
    RoutingReading,
    TokensReading,
    VersionsReading,
)

_UNKNOWN: Final = "-"
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60))


def shown(reading: Reading) -> RenderableType:
    """All parts that could be read, then what could not."""
    return Group(*_parts(reading))


def _parts(reading: Reading) -> Iterator[RenderableType]:
    moment = datetime.fromtimestamp(reading.at, UTC).strftime("%H:%M:%S")
    yield Text.from_markup(f"[bold]{escape(reading.stack)}[/] at {moment} UTC")
    if reading.routing is not None:
        yield _routing(reading.routing)
    if reading.queues is not None:
        yield _queues(reading.queues)
    if reading.tokens is not None:
        yield _tokens(reading.tokens)
    if reading.rates is not None:
        yield _rates(reading.rates)
    if reading.versions is not None:
        yield _versions(reading.versions)
    for problem in reading.problems:
        yield Text(problem, style="red")


def _routing(routing: RoutingReading) -> RenderableType:
    lines = [escape(routing.summary)]
    if routing.edge_health != "well":
        lines.append(f"[red]edge {routing.edge_health} for {age(routing.health_seconds)}[/]")
    if routing.under_way is not None:
        lines.append(f"[yellow]under way: {escape(routing.under_way)}[/]")
    if routing.replaced:
        lines.append(f"clients of {routing.replaced} replaced policies may still be served")
    if routing.drift is not None:
        lines.append(f"[red]{escape(routing.drift)}[/]")
    return Text.from_markup("\n".join(lines))


def _queues(queues: Sequence[QueueReading]) -> RenderableType:
    table = Table("Queue", "Waiting", "In work", "Delayed", "Oldest", "Dead letters")
    for each in queues:
        dead = str(each.dead_letters)
        table.add_row(
            each.name,
            str(each.waiting),
            str(each.in_flight),
            str(each.delayed),
            age(each.oldest_seconds),
            f"[red]{dead}[/]" if each.dead_letters else dead,
        )
    return table


def _tokens(tokens: TokensReading) -> RenderableType:
    table = Table("Token", "On AWS", "At the edge", "Last trade")
    for each in tokens.tokens:
        counts = [_number(each.connections.get(path)) for path in PATHS]
        table.add_row(escape(each.token), *counts, age(each.last_trade_seconds))
    if tokens.left_out:
        table.caption = (
            f"{tokens.left_out} more tokens; {tokens.aws_connections} subscriptions on AWS in all"
        )
    return table


def _rates(rates: RatesReading) -> RenderableType:
    table = Table(f"Last {rates.minutes} min", "")
    table.add_row("webhook: refused or failed", _share(rates.refused_percent))
    table.add_row("edge: not taken at once", _share(rates.edge_failed_percent))
    for name, count in rates.counts.items():
        table.add_row(name, f"{count:.0f}")
    for name, p99_ms in rates.p99_ms.items():
        table.add_row(f"{name}, worst minute's p99", f"{p99_ms:.0f} ms")
    for name, count in rates.function_errors.items():
        table.add_row(f"[red]errors of {escape(name)}[/]", f"{count:.0f}")
    return table


def _versions(versions: VersionsReading) -> RenderableType:
    table = Table("Function", "Code", "Updated")
    for each in versions.functions:
        table.add_row(each.name, each.code, each.updated)
    if versions.worker is not None:
        table.add_row("Worker", escape(versions.worker), "")
    return table


def age(seconds: float | None) -> str:
    """`seconds` in the largest unit of which there are two: 95 s, 12 min, 30 h, 9 d."""
    if seconds is None:
        return _UNKNOWN
    for unit, length in _UNITS:
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _number(count: int | None) -> str:
    return _UNKNOWN if count is None else str(count)


def _share(percent: float | None) -> str:
    return _UNKNOWN if percent is None else f"{percent:.1f} %"
