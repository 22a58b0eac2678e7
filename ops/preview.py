"""`ops preview`: what a change would do to a stack, as Markdown for its pull request."""

import os
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from local.cloud import LocalCloud
from local.paths import MAIN_CONFIG, MAIN_ROOT, REPOSITORY
from local.stack import STACK as LOCAL
from local.stack import LocalStack
from local.toolchain import pulumi_folder
from ops.report import write_report

COMMAND: Final = ("pulumi", "preview", "--diff", "--non-interactive", "--color", "never")

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Target:
    """The stack that is previewed, and what the Pulumi CLI must see to reach it."""

    stack: str
    environment: Mapping[str, str]
    options: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What the CLI printed, and how it ended."""

    output: str
    exit_code: int


def preview(
    stack: Annotated[str, typer.Option(help="dev, prod, or local: the local cloud, no account.")],
    summary: Annotated[Path, typer.Option(help="File to write the Markdown to.")],
) -> None:
    """Preview a stack: Pulumi's output to stdout, a reviewer's Markdown to a file.

    Ends with Pulumi's own exit code. A preview that fails is written down like any other.
    """
    with local_target() if stack == LOCAL else deployed_target(stack) as target:
        done = run_preview(target, typer.echo)
    summary.write_text(write_report(stack, done.output, done.exit_code))
    raise typer.Exit(done.exit_code)


def run_preview(target: Target, say: Say) -> Preview:
    """Run `pulumi preview`; `say` hears each line at once."""
    printed: list[str] = []
    with subprocess.Popen(  # noqa: S603  our own command, no shell
        [*COMMAND, "--stack", target.stack, *target.options],
        cwd=REPOSITORY,
        env=dict(target.environment),
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


@contextmanager
def deployed_target(stack: str) -> Generator[Target]:
    """Reach `stack` with the caller's own backend and credentials."""
    # The language host takes the first `python` on PATH: it must be the one that runs this.
    programs = [str(Path(sys.executable).parent), str(pulumi_folder(typer.echo))]
    path = os.pathsep.join([*programs, os.environ.get("PATH", os.defpath)])
    quiet = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_SUPPRESS_NEO_LINK": "true"}
    yield Target(stack=stack, environment=os.environ | quiet | {"PATH": path})


@contextmanager
def local_target() -> Generator[Target]:
    """Reach stack `local`; its cloud is started for the time of the preview if it does not run."""
    cloud = LocalCloud(MAIN_ROOT)
    was_running = cloud.is_running()
    if not was_running:
        cloud.start()
    try:
        stack = LocalStack(cloud, config_file=MAIN_CONFIG)
        stack.prepare()
        yield target_of(stack)
    finally:
        if not was_running:
            cloud.stop()


def target_of(stack: LocalStack) -> Target:
    """Return the stack on a local cloud as a target."""
    options = ("--config-file", str(stack.config_file))
    return Target(stack=LOCAL, environment=stack.environment, options=options)
