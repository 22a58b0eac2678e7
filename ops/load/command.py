"""`load`: what a stack does under many clients and trades."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from functions.glow.paths import Path
from ops.deployed import StackOption
from ops.errors import OpsError
from ops.load.run import Outcome, Plan, paths_to_load, run_load
from ops.load.tally import PathTally, histogram
from ops.verify.target import Target

_PRODUCTION: Final = "prod"
_BAR_LETTERS: Final = 40


def load(
    *,
    stack: StackOption = "local",
    clients: Annotated[
        int, typer.Option("--clients", min=1, max=5_000, help="Clients on each path.")
    ] = 20,
    rate: Annotated[
        float, typer.Option("--rate", min=0.1, max=1_000, help="Trades to send a second.")
    ] = 5,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.1, max=3_600, help="How long trades are sent.")
    ] = 20,
    path: Annotated[
        Path | None, typer.Option("--path", help="This path alone. Left out: each that is on.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Load stack prod, whose clients and bill share it.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of tables.")
    ] = False,
) -> None:
    """Send trades of the reserved token to many clients of the library; count what is late or lost.

    Exit code 1: a client did not hear a trade, or the webhook did not take it.
    """
    if stack == _PRODUCTION and not yes:
        raise OpsError(
            "Stack prod serves real clients, and its bill counts this load. To load it all the same:"
            " --yes"
        )
    target = Target.named(stack)
    if not target.config.listens:
        raise OpsError(
            f"Only the app's back end can make access tokens for stack {stack} (docs/listeners.md)."
        )
    plan = Plan(
        clients=clients,
        per_second=rate,
        trades=math.ceil(rate * seconds),
        paths=paths_to_load(target, path),
    )
    with Progress(console=Console(stderr=True), disable=as_json) as progress:
        bars = {
            "live": progress.add_task("Clients", total=clients * len(plan.paths)),
            "sent": progress.add_task("Trades", total=plan.trades),
        }
        outcome = asyncio.run(
            run_load(target, plan, note=lambda done: progress.advance(bars[done]))
        )
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "stack": stack,
                    "whole": outcome.is_whole,
                    "paths": [each.to_dict() for each in outcome.paths],
                    "notAccepted": outcome.refusals,
                },
                indent=2,
            )
        )
    else:
        show(outcome, Console())
    if not outcome.is_whole:
        raise typer.Exit(1)


def show(outcome: Outcome, console: Console) -> None:
    """A table of all paths, a histogram of each, and what the webhook did not take."""
    table = Table("Path", "Clients", "Trades", "Heard", "Lost", "Doubles", "p50", "p99", "Max")
    for each in outcome.paths:
        times = (each.percent(50), each.percent(99), each.percent(100))
        table.add_row(
            each.path,
            str(each.clients),
            str(each.trades),
            str(len(each.times_ms)),
            f"[red]{each.lost}[/]" if each.lost else "0",
            str(each.doubles),
            *("-" if time_ms is None else f"{time_ms:.0f} ms" for time_ms in times),
        )
    console.print(table)
    for each in outcome.paths:
        _show_histogram(each, console)
    if outcome.refusals:
        console.print(f"[red]{len(outcome.refusals)} trades were not accepted[/], the first:")
        console.print(f"  {escape(outcome.refusals[0])}", soft_wrap=True)


def _show_histogram(tally: PathTally, console: Console) -> None:
    bars = histogram(tally.times_ms)
    most = max(heard for _, heard in bars)
    for below_ms, heard in bars:
        if heard:
            bar = "█" * max(1, round(heard / most * _BAR_LETTERS))
            limit = "more" if math.isinf(below_ms) else f"< {below_ms:.0f} ms"
            console.print(f"{tally.path:>4} {limit:>9} {heard:>8} {bar}", highlight=False)
