"""`rollback`: the stack goes back to a path, and proves that trades arrive there."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console

from functions.glow.paths import Path
from ops.change import YesOption, operator_at_terminal
from ops.deployed import StackOption
from ops.errors import NOT_WELL
from ops.rollback.recovery import FLAG, Recovery, roll_back
from ops.verify.command import show
from ops.verify.round_trip import usual
from workspace.stack import LOCAL, stack_named


def rollback(
    *,
    stack: StackOption = "local",
    to: Annotated[Path, typer.Option("--to", help="The path that carries from now on.")] = "aws",
    yes: YesOption = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON object; preview and progress go to stderr."),
    ] = False,
) -> None:
    """Set the flag, show the preview, deploy, verify, and print the time to recover.

    Clients are told to move and miss nothing. Exit code 3: a line is red.
    """
    operator = operator_at_terminal(
        f"Send the clients of stack {stack} to {to}?", yes=yes, as_json=as_json
    )
    target = stack_named(stack, lambda line: typer.echo(line, err=True))
    done = roll_back(target, to, plan_for=usual, operator=operator)
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
