"""Runs the Pulumi CLI."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from workspace.engine import Note, ignore, run_engine
from workspace.toolchain import pulumi_folder

# The CLI looks for no newer version and prints no advertisement.
_QUIET: Final = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_SUPPRESS_NEO_LINK": "true"}


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
    launcher: str = "pulumi",
) -> str:
    """Run `pulumi <arguments>` and return its stdout; see `run_engine`."""
    command = ["pulumi", *arguments, "--non-interactive", "--color", "never"]
    return run_engine(
        command, cwd=cwd, environment=environment, stdin=stdin, note=note, launcher=launcher
    )
