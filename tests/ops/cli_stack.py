"""A stack of the real Pulumi CLI, with a backend in a folder. Nothing is deployed."""

import os
import shutil
from pathlib import Path

from workspace.engine import ignore
from workspace.paths import REPOSITORY
from workspace.pulumi import run_pulumi, with_tools
from workspace.stack import Stack


def make_stack(folder: Path) -> Stack:
    (folder / "state").mkdir()
    own = {
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "a passphrase",
    }
    environment = with_tools({**os.environ, **own}, ignore)
    shutil.copy(REPOSITORY / "Pulumi.yaml", folder)
    run_pulumi(["stack", "init", "tried"], cwd=folder, environment=environment)
    config_file = folder / "Pulumi.tried.yaml"
    return Stack(name="tried", environment=environment, config_file=config_file)
