"""Runs the Pulumi CLI."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from workspace.errors import WorkspaceError
from workspace.toolchain import pulumi_folder

Note = Callable[[str], None]

# The CLI looks for no newer version and prints no advertisement.
_QUIET: Final = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_SUPPRESS_NEO_LINK": "true"}


def ignore(text: str) -> None:
    """Note nothing."""
    del text


def with_tools(environment: Mapping[str, str], say: Note) -> dict[str, str]:
    """Return `environment` with the Pulumi CLI on PATH (`say` is told if it must be made first)."""
    # The language host takes the first `python` on PATH: it must be the one that runs this.
    programs = [str(Path(sys.executable).parent), str(pulumi_folder(say))]
    path = os.pathsep.join([*programs, environment.get("PATH", os.defpath)])
    return {**environment, **_QUIET, "PATH": path}


def run_pulumi(
    arguments: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    stdin: str = "",
    note: Note = ignore,
) -> str:
    """Run `pulumi <arguments>` and return its stdout; `note` hears each line at once.

    Raises WorkspaceError with the CLI's own diagnostics.
    """
    command = ["pulumi", *arguments, "--non-interactive", "--color", "never"]
    # Kept apart from stdout, where a warning would spoil the JSON that callers read.
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(stdin)
        process.stdin.close()
        printed: list[str] = []
        for line in process.stdout:
            printed.append(line)
            note(line.strip())
        exit_code = process.wait()
        complaints.seek(0)
        complained = complaints.read()
    output = "".join(printed)
    if exit_code != 0:
        raise WorkspaceError(f"`{' '.join(command)}` failed:\n{_essence(output + complained)}")
    return output


def _essence(output: str) -> str:
    """Return the CLI's diagnostics, or everything if there are none."""
    _, heading, diagnostics = output.partition("Diagnostics:")
    return (heading + diagnostics if heading else output).strip()
