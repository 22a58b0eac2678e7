"""Finds or makes the Pulumi CLI with its Python language host.

In this order: `pulumi` on PATH, if recent; what an earlier run kept in the user's cache; the
official release; a build from the Go tool modules in this folder.
"""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from packaging.version import Version

from workspace.paths import cache_folder
from workspace.toolchain.go_build import build_pulumi
from workspace.toolchain.release import download_release

# What is downloaded or built; the Go modules beside this file name the same version.
PULUMI_VERSION: Final = Version("3.259.0")

# The oldest CLI that knows every flag used here (`up --run-program`, `--skip-plugin-pre-install`).
OLDEST_PULUMI: Final = Version("3.200.0")

# Raised when what is built changes: another folder of the cache, made with Go's own cache in a minute.
_BUILD: Final = 3

PROGRAMS: Final = (
    "pulumi",
    "pulumi-language-python",
    "pulumi-language-python-exec",
    "pulumi-resource-pulumi-python",  # carries out dynamic resources
)


def pulumi_folder(say: Callable[[str], None]) -> Path:
    """Return the folder that holds the Pulumi CLI, made first if need be (`say` tells of it)."""
    on_path = shutil.which("pulumi")
    if on_path and all(map(shutil.which, PROGRAMS)) and _is_recent(on_path):
        return Path(on_path).parent
    folder = cache_folder() / f"pulumi-v{PULUMI_VERSION}-{_BUILD}"
    if not all((folder / program).exists() for program in PROGRAMS):
        fresh = folder.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        if not download_release(PULUMI_VERSION, fresh):
            say(
                "no Pulumi release within reach: building it with Go, once (about 6 min on 2 cores)"
            )
            build_pulumi(PULUMI_VERSION, fresh)
        # Renamed when whole: a build that was interrupted is never taken for a finished one.
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    return folder


def parse_version(text: str) -> Version | None:
    """Read what `pulumi version` prints, as `v3.259.0` or `3.260.0-alpha.1a2b3c`."""
    found = re.match(r"v?(\d+\.\d+\.\d+)", text.strip())
    return Version(found[1]) if found else None


def _is_recent(pulumi: str) -> bool:
    printed = subprocess.run([pulumi, "version"], capture_output=True, text=True, check=False)
    version = parse_version(printed.stdout)
    return version is not None and version >= OLDEST_PULUMI
