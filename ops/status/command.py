"""`status`: how a stack does, as a live table or one reading."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from ops.deployed import StackOption
from ops.errors import NOT_WELL
from ops.status.read import read_status
from ops.status.reading import Reading
from ops.status.show import shown
from ops.verify.target import Target


def status(
    *,
    stack: StackOption = "local",
    once: Annotated[bool, typer.Option("--once", help="Print one reading and end.")] = False,
    every_seconds: Annotated[
        float, typer.Option("--every", min=1, help="Seconds from one reading to the next.")
    ] = 5,
    tokens: Annotated[
        int,
        typer.Option(
            "--tokens",
            min=0,
            max=500,
            help="At most so many tokens, those with most clients first.",
        ),
    ] = 20,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one reading as a JSON object.")
    ] = False,
) -> None:
    """Show queues, clients, trades, failures, versions and routing of a stack, until Ctrl-C.

    Exit code 3: the last reading lacks a part.
    """
    target = Target.named(stack)

    def read() -> Reading:
        return read_status(target, most_tokens=tokens, now=time.time())

    reading = read()
    if as_json:
        typer.echo(json.dumps(reading.to_dict(), indent=2, ensure_ascii=False))
    elif once:
        Console().print(shown(reading))
    else:
        with suppress(KeyboardInterrupt), Live(shown(reading), auto_refresh=False) as live:
            live.refresh()
            while True:
                time.sleep(every_seconds)
                reading = read()
                live.update(shown(reading), refresh=True)
    if reading.problems:
        raise typer.Exit(NOT_WELL)
