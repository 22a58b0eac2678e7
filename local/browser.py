"""Chromium with a window of a given size, driven by selenium (of requirements-dev.txt)."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Final

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

WIDTH: Final = 1280
HEIGHT: Final = 800

ARGUMENTS: Final = (
    "--headless",
    "--no-sandbox",  # as root, where CI runs
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
)


@contextmanager
def browsing() -> Generator[Chrome]:
    """Open a browser without a profile, WIDTH by HEIGHT; it is closed at the end."""
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    with TemporaryDirectory(prefix="glow-chromium-", ignore_cleanup_errors=True) as profile:
        for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
            options.add_argument(argument)
        driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            resize(driver, WIDTH, HEIGHT)
            yield driver
        finally:
            driver.quit()


def resize(driver: Chrome, width: int, height: int) -> None:
    """Show the page in so many CSS pixels, also in fewer than the 500 of the narrowest window."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    command = {"cmd": "Emulation.setDeviceMetricsOverride", "params": metrics}
    driver.execute("executeCdpCommand", command)
