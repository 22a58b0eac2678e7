"""Runs `program/` with the real Pulumi engine and the stand-in."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from local.cloud import LocalCloud
from local.config import aws_keys
from workspace.engine import ignore
from workspace.toolchain import pulumi_folder

PROGRAM: Final = Path(__file__).parent / "program"
STACK: Final = "test"
SECRET: Final = "open-sesame"  # the environment of the function holds it


class EngineError(Exception):
    """The CLI failed; the text is the CLI's output."""


class Engine:
    """A copy of the program with its own backend, and the CLI's commands for it."""

    def __init__(self, folder: Path, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self._folder = shutil.copytree(PROGRAM, folder / "program")
        backend = folder / "state"
        backend.mkdir()
        # The language host runs the first `python` on PATH.
        programs = [
            str(Path(sys.executable).parent),
            str(pulumi_folder(ignore)),
            os.environ["PATH"],
        ]
        self._environment = {
            "HOME": os.environ["HOME"],
            "PATH": os.pathsep.join(programs),
            "PULUMI_BACKEND_URL": backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "tiny",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        self._pulumi("stack", "init", STACK)
        settings = [
            f"{key}={value if isinstance(value, str) else json.dumps(value)}"
            for key, value in aws_keys(cloud.aws_url).items()
        ]
        plain = [word for setting in settings for word in ("--plaintext", setting)]
        self._pulumi("config", "set-all", *plain, "--secret", f"greeting={SECRET}")

    def up(self, step: str, *options: str, caller: str = "somebody") -> str:
        """Deploy this step of the program, and return the CLI's output."""
        given = ("--config", f"step={step}", "--config", f"caller={caller}")
        return self._pulumi("up", "--yes", "--skip-preview", *given, *options)

    def preview(self, step: str) -> str:
        """Preview this step of the program."""
        return self._pulumi("preview", "--config", f"step={step}")

    def preview_again(self) -> str:
        """Preview the deployed step; raise EngineError if anything would change."""
        return self._pulumi("preview", "--expect-no-changes")

    def refresh(self, *options: str) -> str:
        """Compare the state with the cloud, and return the CLI's output."""
        return self._pulumi("refresh", "--yes", "--skip-preview", *options)

    def destroy(self) -> str:
        """Delete everything."""
        return self._pulumi("destroy", "--yes", "--skip-preview")

    def export(self) -> str:
        """The state in the backend."""
        return self._pulumi("stack", "export")

    def _pulumi(self, *arguments: str) -> str:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self._folder,
            env={**self._environment, **self.cloud.engine_environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise EngineError(done.stdout + done.stderr)
        return done.stdout


def names(printed: str, done: str) -> set[str]:
    """The program's names of the resources that were `done`: "updated", "replaced", …"""
    return set(re.findall(rf"aws:\S+ (\S+) {done} \(", printed))
