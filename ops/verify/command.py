"""`verify`: the checklist of a deployment, as a run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ops.deployed import StackOption
from ops.errors import NOT_WELL
from ops.verify.finding import Finding
from ops.verify.round_trip import TRADES, Plan
from ops.verify.run import run_checks
from ops.verify.target import Target

_MARKS: Final = {"ok": "[green]✓[/]", "failed": "[red]✗[/]", "skipped": "[dim]·[/]"}


def verify(
    *,
    stack: StackOption = "local",
    origin: Annotated[
        str | None,
        typer.Option(
            "--origin",
            help="An origin whose pages must be let in. Left out: the first of allowedOrigins.",
        ),
    ] = None,
    trades: Annotated[
        int, typer.Option("--trades", min=1, max=1_000, help="How many trades are timed.")
    ] = TRADES,
    edge_limit_ms: Annotated[
        int | None,
        typer.Option(
            "--edge-limit-ms",
            min=1,
            help="Half of them must be heard at the edge within this. Left out: alarms.edgeLatencyMs.",
        ),
    ] = None,
    aws_limit_ms: Annotated[
        int | None,
        typer.Option(
            "--aws-limit-ms", min=1, help="The same on AWS. Left out: alarms.awsLatencyMs."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of a table.")
    ] = False,
) -> None:
    """Prove that a deployed stack works: a line per check; a red one says the cause and what to run.

    It sends trades of a reserved token, which no list of tokens has. Exit code 3: a line is red.
    """
    target = Target.named(stack, origin=origin)
    limits_ms = target.config.limits_ms
    plan = Plan(
        trades=trades,
        limits_ms={
            "edge": edge_limit_ms or limits_ms["edge"],
            "aws": aws_limit_ms or limits_ms["aws"],
        },
    )
    console = Console(stderr=True)
    findings: list[Finding] = []
    with console.status("Verifying …") as status:
        for finding in run_checks(target, plan):
            findings.append(finding)
            status.update(f"Verifying … {escape(finding.name)}")
    is_well = all(finding.state != "failed" for finding in findings)
    if as_json:
        found = [finding.to_dict() for finding in findings]
        typer.echo(json.dumps({"stack": stack, "ok": is_well, "checks": found}, indent=2))
    else:
        show(findings, Console())
    if not is_well:
        raise typer.Exit(NOT_WELL)


def show(findings: Sequence[Finding], console: Console) -> None:
    """Print a table of all, then cause and remedy of each that failed."""
    table = Table("", "Check", "Seen")
    for finding in findings:
        table.add_row(_MARKS[finding.state], escape(finding.name), escape(finding.seen))
    console.print(table)
    for finding in findings:
        if finding.cause:
            console.print(f"[red]✗ {escape(finding.name)}[/]: {escape(finding.seen)}")
            console.print(f"  Likely cause: {escape(finding.cause)}", soft_wrap=True)
        if finding.remedy:
            mark = "" if finding.cause else f"[dim]·[/] {escape(finding.name)}: "
            console.print(f"  {mark}{escape(finding.remedy)}", soft_wrap=True)
    red = sum(finding.state == "failed" for finding in findings)
    console.print(f"{red} of {len(findings)} are red." if red else "[green]All is well.[/]")
