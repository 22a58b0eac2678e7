"""`rotate-secret`: a new secret beside the old one; later, once nobody uses that, the old one goes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import typer
from rich.console import Console

from functions.glow.listeners.claims import MAX_LIFE_SECONDS
from ops.change import Operator, YesOption, deploy_change, operator_at_terminal
from ops.deployed import StackOption
from ops.errors import NOT_WELL
from ops.rotate.rotation import Name, Rotation
from ops.rotate.usage import Window, check_deployed, check_unused
from ops.settings import settings_of
from ops.verify.command import show
from ops.verify.finding import Finding
from ops.verify.run import guarded
from ops.verify.target import Target
from workspace.stack import LOCAL, Stack, stack_named

# An access token of the old secret may be kept by a client, unseen, for as long as it lives.
QUIET_MINUTES: Final[Mapping[Name, int]] = {
    Name.WEBHOOK: 15,
    Name.EDGE: 15,
    Name.LISTENER: MAX_LIFE_SECONDS // 60,
}

Step = Literal["begun", "refused", "ended"]


@dataclass(frozen=True, kw_only=True)
class Done:
    """How far the rotation is, and what proves it."""

    step: Step
    findings: Sequence[Finding]

    @property
    def is_well(self) -> bool:
        return all(finding.state != "failed" for finding in self.findings)


def rotate_secret(
    name: Annotated[Name, typer.Argument(help="The secret's key in config.")],
    *,
    stack: StackOption = "local",
    yes: YesOption = False,
    quiet_minutes: Annotated[
        int | None,
        typer.Option(
            "--quiet-minutes",
            min=5,
            max=max(QUIET_MINUTES.values()),
            help="How long nobody must have used the old one. Default: 15; of ListenerSecret 43200, which"
            " is 30 days: the longest life of an access token. If yours live shorter, say their life.",
        ),
    ] = None,
    even_if_silent: Annotated[
        bool,
        typer.Option("--even-if-silent", help="Drop the old one though no request came at all."),
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON object; preview and progress go to stderr."),
    ] = False,
) -> None:
    """Rotate a secret in two runs: the first makes a new one, the second drops the old one.

    Between them both are accepted. No secret is printed. Exit code 3: a line is red.
    """
    operator = operator_at_terminal(f"Deploy this to stack {stack}?", yes=yes, as_json=as_json)
    target = stack_named(stack, lambda line: typer.echo(line, err=True))
    minutes = QUIET_MINUTES[name] if quiet_minutes is None else quiet_minutes
    window = Window(now=datetime.now(UTC), minutes=minutes, counts_silence=even_if_silent)
    done = take_step(target, name, window, operator)
    if as_json:
        checks = [finding.to_dict() for finding in done.findings]
        told = {"stack": stack, "secret": name, "step": done.step, "ok": done.is_well}
        typer.echo(json.dumps({**told, "checks": checks}, indent=2))
    else:
        show(done.findings, Console())
        for line in told_of(done, name, stack, minutes):
            typer.echo(line)
    if not done.is_well:
        raise typer.Exit(NOT_WELL)


def take_step(stack: Stack, name: Name, window: Window, operator: Operator) -> Done:
    """The step that is due: the second once the first has been taken. Raises WorkspaceError."""
    rotation = Rotation.of(settings_of(stack), name)
    if not rotation.has_begun:
        deploy_change(stack, rotation.first_step(), operator)
        return Done(step="begun", findings=_proofs(stack, name))
    target = Target.of(stack)
    findings = list(guarded("use", lambda: check_unused(target, rotation, window), target))
    refused = Done(step="refused", findings=findings)
    if not refused.is_well:
        return refused
    deploy_change(stack, rotation.second_step(), operator)
    return Done(step="ended", findings=_proofs(stack, name))


def _proofs(stack: Stack, name: Name) -> Sequence[Finding]:
    """After an up: config has changed, so it is read again."""
    rotation = Rotation.of(settings_of(stack), name)
    return list(check_deployed(Target.of(stack), rotation))


def told_of(done: Done, name: Name, stack: str, quiet_minutes: int) -> Iterator[str]:
    """What the operator reads below the checks."""
    again = f"python -m ops rotate-secret {name} --stack {stack}"
    if quiet_minutes != QUIET_MINUTES[name]:
        again += f" --quiet-minutes {quiet_minutes}"
    match done.step:
        case "begun":
            yield (
                f"Step 1 of 2: {name} is new, and the old one is accepted too. Whoever uses it, give"
                f" them the new one. After {quiet_minutes} min drop the old one: {again}"
            )
        case "refused":
            yield f"The old {name} stays, nothing was changed. Mend what is red, then: {again}"
            return
        case "ended":
            yield f"Step 2 of 2: the old {name} is accepted no more."
    if stack != LOCAL:
        yield f"Commit Pulumi.{stack}.yaml: the next deployment would bring the old {name} back."
