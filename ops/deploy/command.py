"""`deploy`: what a workflow runs for each stack."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from ops.change import up
from ops.deploy.deployment import Acts
from ops.deploy.deployment import deploy as deploy_by
from ops.deploy.history import deployed_commit, has_update
from ops.deploy.put_back import put_back
from ops.deploy.summary import write_summary
from ops.errors import NOT_WELL
from ops.preview import Say
from ops.verify.finding import Finding
from ops.verify.round_trip import usual
from ops.verify.run import run_checks
from ops.verify.target import Target
from workspace.paths import REPOSITORY
from workspace.stack import Stack, stack_named


def deploy(
    stack: Annotated[str, typer.Option("--stack", help="The stack: dev, prod ...")],
    summary: Annotated[Path, typer.Option("--summary", help="File to write the Markdown to.")],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object; progress goes to stderr.")
    ] = False,
) -> None:
    """Deploy this commit without asking, verify, and deploy the one before again if that turns red.

    Exit code 3: it was not kept, or a line is red that was red before.
    """

    def say(line: str) -> None:
        typer.echo(line, err=as_json)

    target = stack_named(stack, say)
    # No other update has it: an operator may change the stack meanwhile, from the same commit too.
    message = f"ops deploy {uuid4()}"
    acts = Acts(
        deployed_commit=lambda: deployed_commit(target),
        verify=lambda: _verify(target, say),
        up=lambda: up(target, say, message=message),
        has_begun=lambda: has_update(target, message),
        put_back=lambda commit: put_back(target, commit, repository=REPOSITORY, say=say),
    )
    done = deploy_by(acts)
    summary.write_text(write_summary(stack, done))
    if as_json:
        checks = [finding.to_dict() for finding in done.findings]
        told = {"stack": stack, "end": done.end, "reason": done.reason, "checks": checks}
        typer.echo(json.dumps(told, indent=2))
    if done.reason:
        typer.secho(done.reason, fg="red", err=True)
    if not done.is_well:
        raise typer.Exit(NOT_WELL)


def _verify(stack: Stack, say: Say) -> Sequence[Finding]:
    target = Target.of(stack)
    if "RestApiUrl" not in target.deployed.outputs:
        return ()
    findings: list[Finding] = []
    for finding in run_checks(target, usual(target.config)):
        findings.append(finding)
        say(f"{finding.state}: {finding.name}: {finding.seen}")
    return findings
