"""Runs one command while the local cloud runs. A cloud that was started for it is stopped again."""

import subprocess
from collections.abc import Sequence

from local.stack import LocalStack


def run_beside(stack: LocalStack, command: Sequence[str]) -> int:
    """Run `command` while the cloud runs and stack `local` is prepared; return its exit code."""
    was_running = stack.cloud.is_running()
    if not was_running:
        stack.cloud.start()
    try:
        stack.prepare()
        return subprocess.run(command, check=False).returncode
    finally:
        if not was_running:
            stack.cloud.stop()
