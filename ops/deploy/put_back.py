"""An earlier commit is deployed again: its program, its functions, its config."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ops.errors import OpsError
from ops.preview import Say
from workspace.pulumi import run_pulumi
from workspace.stack import Stack


def put_back(stack: Stack, commit: str, *, repository: Path, say: Say) -> None:
    """Deploy `commit` of `repository` to `stack`, in a checkout of its own. Raises WorkspaceError."""
    with _checkout(repository, commit) as folder:
        say(f"Installing what {commit[:7]} needs ...")
        _run(["make", "install"], cwd=folder)
        programs = str(folder / ".venv" / "bin")
        path = os.pathsep.join([programs, stack.environment["PATH"]])
        run_pulumi(
            stack.arguments("up", "--yes", "--skip-preview"),
            cwd=folder,
            environment={**stack.environment, "PATH": path},
            note=say,
        )


@contextmanager
def _checkout(repository: Path, commit: str) -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix="glow-put-back-") as parent:
        folder = Path(parent) / "glow"
        _run(["git", "worktree", "add", "--quiet", "--detach", str(folder), commit], cwd=repository)
        try:
            yield folder
        finally:
            _run(["git", "worktree", "remove", "--force", str(folder)], cwd=repository)


def _run(command: Sequence[str], *, cwd: Path) -> None:
    done = subprocess.run(  # noqa: S603  our own commands, no shell
        command, cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise OpsError(
            f"`{' '.join(command)}` failed: {done.stderr.strip()}\n"
            "In a workflow, the whole history must be checked out (fetch-depth: 0)."
        )
