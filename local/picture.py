"""The README's picture: the test page of the running stack, while a stream of trades comes in."""

import asyncio
from pathlib import Path
from typing import Final

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from local.browser import browsing
from local.clients import Endpoints
from local.stack import ignore
from local.stream import send_stream
from local.trades import SIMPLE_TOKEN

PER_SECOND: Final = 20
TRADES: Final = 120
WAIT_SECONDS: Final = 60


def take_picture(endpoints: Endpoints, file: Path, *, trades: int = TRADES) -> None:
    """Write a PNG of the page, as it opens, that has heard so many `trades`."""
    with browsing() as browser:
        wait = WebDriverWait(browser, WAIT_SECONDS)
        browser.get(endpoints.edge_url)
        wait.until(lambda _: _text(browser, "state") == "live", "the page is not live")
        asyncio.run(send_stream(endpoints, ignore, SIMPLE_TOKEN, PER_SECOND, trades))
        # At least: the newest price of before comes first.
        wait.until(lambda _: int(_text(browser, "updates")) >= trades, "the page heard too little")
        file.write_bytes(browser.get_screenshot_as_png())


def _text(browser: Chrome, element: str) -> str:
    return browser.find_element(By.ID, element).text
