"""Chromium and its driver, for the tests in a browser. On Debian they are installed if missing."""

import os
import shutil
import subprocess
from typing import Final

from local.errors import LocalError

PROGRAMS: Final = ("chromium", "chromedriver")
PACKAGES: Final = ("chromium", "chromium-driver")


def ensure_browser() -> None:
    """Install the browser unless it is on PATH; LocalError if the user has to do it."""
    if all(map(shutil.which, PROGRAMS)):
        return
    apt = shutil.which("apt-get")
    sudo = [] if os.geteuid() == 0 else [shutil.which("sudo") or ""]
    if apt is None or "" in sudo:
        raise LocalError(
            f"The tests need {' and '.join(PROGRAMS)} on PATH. Install them (Debian:"
            f" apt-get install {' '.join(PACKAGES)}; macOS: brew install chromium chromedriver)"
        )
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        command = [*sudo, apt, "--quiet", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise LocalError(f"`{' '.join(command)}` failed:\n{done.stderr.strip()}")
