"""`ops preview`: what a change would do to a stack, as Markdown for its pull request."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from ops.errors import OpsError
from ops.report import write_report
from workspace.paths import REPOSITORY
from workspace.ports import accepts
from workspace.stack import Stack, stack_named

COMMAND: Final = ("preview", "--diff", "--non-interactive", "--color", "never")

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What the CLI printed, and how it ended."""

    output: str
    exit_code: int


def preview(
    stack: Annotated[str, typer.Option(help="dev, prod, or local, which needs no account.")],
    summary: Annotated[Path, typer.Option(help="File to write the Markdown to.")],
) -> None:
    """Preview a stack: Pulumi's output to stdout, a reviewer's Markdown to a file.

    Ends with Pulumi's own exit code. The file is also written when the preview fails.
    """
    done = run_preview(stack_named(stack, typer.echo), typer.echo)
    summary.write_text(write_report(stack, done.output, done.exit_code))
    raise typer.Exit(done.exit_code)


def run_preview(stack: Stack, say: Say, *, command: Sequence[str] = COMMAND) -> Preview:
    """Run `pulumi preview`, or another `command` that changes nothing; `say` hears each line at once.

    Raises OpsError.
    """
    _require_providers(stack)
    printed: list[str] = []
    with subprocess.Popen(  # noqa: S603  our own command, no shell
        ["pulumi", *stack.arguments(*command)],  # noqa: S607  that of the stack's PATH
        cwd=REPOSITORY,
        env=dict(stack.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            printed.append(line)
            say(line.rstrip("\n"))
    return Preview(output="".join(printed), exit_code=process.returncode)


def _require_providers(stack: Stack) -> None:
    """Raise OpsError if a provider that the engine should attach to does not run.

    The engine's own error only names a gRPC address, which does not tell what to start.
    """
    for attached in stack.environment.get("PULUMI_DEBUG_PROVIDERS", "").split(","):
        name, _, port = attached.partition(":")
        if port and not accepts(int(port)):
            raise OpsError(
                f"Stack {stack.name}: its {name} provider does not run. Start the local cloud: make up,"
                " or for this command alone: python -m local run python -m ops preview ..."
            )
