"""Virtual environments for programs that must not share ours, kept in the user's cache."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from uv import find_uv_bin

from workspace.errors import WorkspaceError
from workspace.paths import cache_folder


def ensure_venv(lock: Path) -> Path:
    """Return the folder of a virtual environment that holds exactly what the hashed `lock` names.

    Its name contains a hash of the lock and of the interpreter. So a new version gets a new folder,
    and a complete one never changes.
    """
    identity = hashlib.sha256(lock.read_bytes() + f"{sys.base_prefix} {sys.version}".encode())
    folder = cache_folder() / f"{lock.stem}-{identity.hexdigest()[:12]}"
    complete = folder / ".complete"
    if not complete.exists():
        python = str(folder / "bin" / "python")
        _uv("venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
        _uv("pip", "sync", "--quiet", "--require-hashes", "--python", python, str(lock))
        complete.touch()
    return folder


def _uv(*arguments: str) -> None:
    # The user's virtual environment and uv settings must not change what is installed here.
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    # As the Makefile has it: a firewall's own certificate is known to the system, not to uv.
    environment.setdefault("UV_SYSTEM_CERTS", "true")
    command = [find_uv_bin(), "--no-config", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise WorkspaceError(
            f"`{' '.join(command)}` failed:\n{done.stderr.strip()}\n"
            "Likely: the Python package index cannot be reached. Check network and proxy, try again."
        )
