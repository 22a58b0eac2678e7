"""`trace`: the way of one trade, with times."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from functions.glow.errors import BadRequest, Unavailable
from functions.glow.token import parse_signature, parse_token
from ops.deployed import StackOption
from ops.errors import NOT_WELL, OpsError
from ops.logs.moment import moment_text
from ops.times import parse_moment
from ops.trace.evidence import Search, gather
from ops.trace.step import Step
from ops.trace.way import steps_of
from ops.verify.target import Target

_MARKS: Final = {"done": "[green]✓[/]", "missing": "[red]✗[/]", "waiting": "[yellow]…[/]"}


def trace(
    *,
    signature: Annotated[
        str, typer.Argument(metavar="TXSIGNATURE", help="The transaction's signature.")
    ],
    stack: StackOption = "local",
    token: Annotated[
        str | None,
        typer.Option(
            "--token", help="Look at this token alone, and read its rows if no log names the trade."
        ),
    ] = None,
    since: Annotated[
        str, typer.Option("--since", help="How far back to look: 2h, 7d, or a time.")
    ] = "24h",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of a table.")
    ] = False,
) -> None:
    """Tell a trade's way: traded, received, stored, published and delivered on each path, with times.

    Exit code 3: a step is missing. Its likely cause is said.
    """
    now = time.time()
    search = Search(
        signature=_checked(signature, token),
        token=token,
        since=parse_moment(since, now=now),
        now=now,
    )
    target = Target.named(stack)
    try:
        ways = {each.token: steps_of(each) for each in gather(target, search)}
    except Unavailable as error:
        raise OpsError(f"{error}: {error.__cause__}") from error
    if as_json:
        told = [
            {"token": name, "steps": [step.to_dict() for step in steps]}
            for name, steps in ways.items()
        ]
        typer.echo(
            json.dumps(
                {"stack": stack, "txSignature": signature, "ways": told},
                indent=2,
                ensure_ascii=False,
            )
        )
    else:
        show(ways, Console())
    if not ways or any(step.state == "missing" for steps in ways.values() for step in steps):
        raise typer.Exit(NOT_WELL)


def show(ways: dict[str, list[Step]], console: Console) -> None:
    """A table per token; of each step the time, and how long after the trade's second began."""
    for token, steps in ways.items():
        table = Table("", "Step", "Time (UTC)", "After", "Seen", title=escape(token))
        for step in steps:
            table.add_row(
                _MARKS[step.state],
                step.name,
                "-" if step.at_ms is None else moment_text(step.at_ms),
                _after(step, steps),
                escape(step.seen),
            )
        console.print(table)
        for step in steps:
            if step.cause:
                console.print(f"{_MARKS[step.state]} {step.name}: {escape(step.seen)}")
                console.print(f"  Likely cause: {escape(step.cause)}", soft_wrap=True)
    if not ways:
        console.print(
            "No log of this stack names the trade: Helius did not send it, it yielded no price, or it"
            " is older than --since. With --token its rows are read, too."
        )


def _checked(signature: str, token: str | None) -> str:
    try:
        if token is not None:
            parse_token(token, where="--token")
        return parse_signature(signature, where="TXSIGNATURE")
    except BadRequest as error:
        raise OpsError(str(error)) from None


def _after(step: Step, steps: Sequence[Step]) -> str:
    first = next((each.at_ms for each in steps if each.at_ms is not None), None)
    if step.at_ms is None or first is None or step.at_ms == first:
        return ""
    return f"{step.at_ms - first:+.0f} ms"
