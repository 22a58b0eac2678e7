"""`rollback`: the stack goes back to a path, and proves that trades arrive there."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console

from functions.glow.paths import Path
from ops.change import Operator
from ops.deployed import StackOption
from ops.rollback.recovery import FLAG, Recovery, roll_back
from ops.verify.command import NOT_WELL, show
from ops.verify.round_trip import USUAL
from workspace.stack import LOCAL, stack_named


def rollback(
    *,
    stack: StackOption = "local",
    to: Annotated[Path, typer.Option("--to", help="The path that carries from now on.")] = "aws",
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Deploy without asking; the preview is shown all the same."),
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON object; preview and progress go to stderr."),
    ] = False,
) -> None:
    """Set the flag, show the preview, deploy, verify, and print the time to recover.

    Clients are told to move and miss nothing. Exit code 3: a line is red.
    """

    def say(line: str) -> None:
        typer.echo(line, err=as_json)

    def agrees() -> bool:
        return yes or typer.confirm(f"Send the clients of stack {stack} to {to}?", err=as_json)

    target = stack_named(stack, lambda line: typer.echo(line, err=True))
    done = roll_back(target, to, plan=USUAL, operator=Operator(say=say, agrees=agrees))
    if as_json:
        typer.echo(json.dumps({"stack": stack, **done.to_dict()}, indent=2))
    else:
        show(done.findings, Console())
        for line in _told(done, stack):
            typer.echo(line)
    if not done.is_well:
        raise typer.Exit(NOT_WELL)


def _told(done: Recovery, stack: str) -> list[str]:
    deployed = f"deployed after {done.up_seconds:.1f} s"
    if done.recovered_seconds is None:
        told = [f"Not recovered: {deployed}, but no trade reached a client on {done.path}."]
    else:
        until = f"until a trade reached a client on {done.path}"
        told = [f"Time to recover: {done.recovered_seconds:.1f} s, {until} ({deployed})."]
    if stack != LOCAL:
        told.append(f"Commit Pulumi.{stack}.yaml: the next deployment would set {FLAG} back.")
    return told
