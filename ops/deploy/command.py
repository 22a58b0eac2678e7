"""`deploy`: what a workflow runs for each stack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ops.change import up
from ops.deploy.deployment import Acts
from ops.deploy.deployment import deploy as deploy_by
from ops.deploy.history import deployed_commit
from ops.deploy.put_back import put_back
from ops.deploy.summary import write_summary
from ops.deployed import DeployedStack
from ops.verify.command import NOT_WELL
from ops.verify.config import Config
from ops.verify.finding import Finding
from ops.verify.round_trip import USUAL
from ops.verify.run import run_checks
from ops.verify.target import Target
from workspace.paths import REPOSITORY
from workspace.stack import Stack, stack_named


def deploy(
    stack: Annotated[str, typer.Option("--stack", help="The stack: dev, prod ...")],
    summary: Annotated[Path, typer.Option("--summary", help="File to write the Markdown to.")],
) -> None:
    """Deploy this commit without asking, verify, and deploy the one before again if that turns red.

    Exit code 3: it was not kept, or a line is red that was red before.
    """
    target = stack_named(stack, typer.echo)
    acts = Acts(
        deployed_commit=lambda: deployed_commit(target),
        verify=lambda: _verify(target),
        up=lambda: up(target, typer.echo),
        put_back=lambda commit: put_back(target, commit, repository=REPOSITORY, say=typer.echo),
    )
    done = deploy_by(acts)
    summary.write_text(write_summary(stack, done))
    if done.reason:
        typer.secho(done.reason, fg="red", err=True)
    if not done.is_well:
        raise typer.Exit(NOT_WELL)


def _verify(stack: Stack) -> Sequence[Finding]:
    outputs = stack.outputs()
    if "RestApiUrl" not in outputs:
        return ()
    target = Target(deployed=DeployedStack(stack.name, outputs), config=Config.of(stack))
    findings: list[Finding] = []
    for finding in run_checks(target, USUAL):
        findings.append(finding)
        typer.echo(f"{finding.state}: {finding.name}: {finding.seen}")
    return findings
