"""`replay`: recorded webhook bodies, posted to a stack."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from ops.deployed import StackOption
from ops.errors import NOT_WELL
from ops.replay.bodies import Fault, parse_recording
from ops.replay.delivery import Tally, Webhook, post_all
from ops.verify.target import Target

_SHOWN_FAULTS: Final = 50


def replay(
    *,
    file: Annotated[
        FilePath,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="A JSON array as Helius posts it, or a body on each line.",
        ),
    ],
    stack: StackOption = "local",
    rate: Annotated[
        float, typer.Option("--rate", min=0.1, max=1_000, help="Bodies to begin a second.")
    ] = 10,
    token: Annotated[
        str | None,
        typer.Option(
            "--token", help="The token of bodies in the simple form, which do not name it."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of a table.")
    ] = False,
) -> None:
    """Post recorded bodies to the webhook at a rate, with Helius's tries, and count the answers.

    Exit code 3: a body was not accepted, or cannot be posted. Each is named by its line.
    """
    recording = parse_recording(file.read_bytes())
    target = Target.named(stack)
    webhook = Webhook(url=target.webhook_url, secret=target.config.webhook_secret, token=token)
    with Progress(console=Console(stderr=True), disable=as_json) as progress:
        bar = progress.add_task("Posting", total=len(recording.bodies))
        tally = asyncio.run(
            post_all(recording.bodies, webhook, per_second=rate, note=lambda: progress.advance(bar))
        )
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "stack": stack,
                    "bodies": len(recording.bodies),
                    "notPosted": [fault.to_dict() for fault in recording.faults],
                    **tally.to_dict(),
                },
                indent=2,
                ensure_ascii=False,
            )
        )
    else:
        show(recording.faults, tally, Console())
    if recording.faults or tally.faults:
        raise typer.Exit(NOT_WELL)


def show(not_posted: Sequence[Fault], tally: Tally, console: Console) -> None:
    """Counts, then each line that failed."""
    table = Table("", "Count")
    table.add_row("bodies accepted", str(tally.accepted))
    table.add_row("trades stored", str(tally.stored))
    table.add_row("trades seen before", str(tally.duplicates))
    _add(table, "skipped", tally.skipped)
    _add(table, "answered", tally.answers)
    console.print(table)
    _name("not posted", not_posted, console)
    _name("not accepted", tally.faults, console)


def _add(table: Table, what: str, counts: Mapping[str, int]) -> None:
    for name, count in sorted(counts.items()):
        table.add_row(escape(f"{what}: {name}"), str(count))


def _name(what: str, faults: Sequence[Fault], console: Console) -> None:
    for fault in faults[:_SHOWN_FAULTS]:
        console.print(
            f"[red]line {fault.line} {what}[/]: {escape(fault.why)}",
            soft_wrap=True,
            highlight=False,
        )
    if len(faults) > _SHOWN_FAULTS:
        console.print(f"and {len(faults) - _SHOWN_FAULTS} more lines, {what}")
