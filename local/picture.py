"""The README's picture: the test page of the running stack, while streams of trades come in."""

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

TOKENS: Final = (SIMPLE_TOKEN, "TEST_TOKEN", "MY_TOKEN")
PER_SECOND: Final = 10
TRADES: Final = 80
WAIT_SECONDS: Final = 60


def take_picture(endpoints: Endpoints, file: Path, *, trades: int = TRADES) -> None:
    """Write a PNG of the page that has heard so many `trades` of each token."""
    with browsing() as browser:
        wait = WebDriverWait(browser, WAIT_SECONDS)
        browser.get(f"{endpoints.edge_url}/#{','.join(TOKENS)}")
        wait.until(lambda _: _text(browser, "state") == "live", "the page is not live")
        asyncio.run(_send_all(endpoints, trades))
        # At least: the newest prices of before come first.
        wait.until(
            lambda _: int(_text(browser, "updates")) >= trades * len(TOKENS),
            "the page heard too little",
        )
        file.write_bytes(browser.get_screenshot_as_png())


async def _send_all(endpoints: Endpoints, trades: int) -> None:
    streams = (send_stream(endpoints, ignore, token, PER_SECOND, trades) for token in TOKENS)
    await asyncio.gather(*streams)


def _text(browser: Chrome, element: str) -> str:
    return browser.find_element(By.ID, element).text
