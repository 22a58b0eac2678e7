"""Reads the workflows as GitHub does, and runs their steps as its runner does."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.workflows import github_server
from tests.workflows.github_server import Conversation
from workspace.paths import REPOSITORY

FOLDER = REPOSITORY / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.y*ml"))


def read_workflow(file: Path) -> dict[str, Any]:
    text = yaml.safe_load(file.read_text())
    # YAML 1.1 reads the key `on` as true.
    return {"on" if key is True else key: value for key, value in text.items()}


def all_jobs() -> dict[str, dict[str, Any]]:
    return {
        f"{file.stem}/{name}": job
        for file in WORKFLOWS
        for name, job in read_workflow(file)["jobs"].items()
    }


def step_named(job: str, name: str) -> dict[str, Any]:
    return next(step for step in all_jobs()[job]["steps"] if step.get("name") == name)


def run_step(
    job: str, name: str, *, checkout: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the script of a step in `checkout`, with this interpreter's environment as its `.venv`."""
    if not (checkout / ".venv").exists():
        (checkout / ".venv").symlink_to(sys.prefix)
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-c", step_named(job, name)["run"]],
        cwd=checkout,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def post_comment(
    conversation: Conversation, checkout: Path, report: str, *, stack: str = "dev"
) -> subprocess.CompletedProcess[str]:
    """Run the step that comments. `report` is what the preview would have written."""
    (checkout / "preview.md").write_text(report)
    environment = {
        "COMMIT": "c0ffee1234567",
        "GITHUB_API_URL": conversation.url,
        "GITHUB_REPOSITORY": github_server.REPOSITORY,
        "GITHUB_TOKEN": github_server.TOKEN,
        "LOG_URL": "https://github.com/acme/glow/actions/runs/1",
        "PULL_REQUEST": str(github_server.PULL_REQUEST),
        "PYTHONPATH": str(REPOSITORY),
        "STACK": stack,
    }
    return run_step(
        "preview/stack", "Write the comment", checkout=checkout, environment=environment
    )
