"""The README's picture: the test page of the running stack, while streams of trades come in.

The token of its chart gets a past first: some trades in each of its candles.
"""

import asyncio
import random
import time
from itertools import islice
from pathlib import Path
from typing import Final

import httpx
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from local.browser import browsing
from local.clients import Endpoints, webhook
from local.errors import LocalError
from local.stack import ignore
from local.stream import send_stream, walk
from local.trades import SIMPLE_TOKEN, simple_trade

TOKENS: Final = (SIMPLE_TOKEN, "TEST_TOKEN", "MY_TOKEN")
PER_SECOND: Final = 10
TRADES: Final = 80
CANDLES: Final = 60
# The interval that the page has at first (worker/page.js).
INTERVAL: Final = "5m"
INTERVAL_SECONDS: Final = 300
TRADES_PER_CANDLE: Final = 4
FIRST_SLOT: Final = 200_000_000  # below those of the live trades
WAIT_SECONDS: Final = 60
LOOK_SECONDS: Final = 0.5


def take_picture(
    endpoints: Endpoints, file: Path, *, trades: int = TRADES, candles: int = CANDLES
) -> None:
    """Write a PNG of the page that has heard so many `trades` of each token and charts so many `candles`."""
    asyncio.run(_send_past(endpoints, candles))
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
        wait.until(lambda _: int(_candles_shown(browser)) >= candles, "the chart shows too little")
        file.write_bytes(browser.get_screenshot_as_png())


async def _send_past(endpoints: Endpoints, candles: int) -> None:
    """Send the trades of so many `candles` before this one, and wait until these can be read."""
    end = int(time.time()) // INTERVAL_SECONDS * INTERVAL_SECONDS
    start = end - candles * INTERVAL_SECONDS
    times = range(start, end, INTERVAL_SECONDS // TRADES_PER_CANDLE)
    prices = list(islice(walk(random.Random()), len(times)))  # noqa: S311  no secret
    async with webhook(endpoints) as helius:
        # Backwards, so that it ends where the stream begins.
        for number, (second, lamports) in enumerate(zip(times, reversed(prices), strict=True)):
            slot = FIRST_SLOT + number
            await helius.send(simple_trade(second, TOKENS[0], lamports=lamports, slot=slot))
    url = f"{endpoints.rest_url}/tokens/{TOKENS[0]}/candles"
    query = {"interval": INTERVAL, "from": start, "to": end}
    deadline = time.monotonic() + WAIT_SECONDS
    async with httpx.AsyncClient(timeout=WAIT_SECONDS) as http:
        while len((await http.get(url, params=query)).json().get("candles", [])) < candles:
            if time.monotonic() > deadline:
                raise LocalError(f"The stack made no candles of its trades in {WAIT_SECONDS} s")
            await asyncio.sleep(LOOK_SECONDS)


async def _send_all(endpoints: Endpoints, trades: int) -> None:
    streams = (send_stream(endpoints, ignore, token, PER_SECOND, trades) for token in TOKENS)
    await asyncio.gather(*streams)


def _candles_shown(browser: Chrome) -> str:
    return browser.find_element(By.ID, "chart").get_attribute("data-candles") or "0"


def _text(browser: Chrome, element: str) -> str:
    return browser.find_element(By.ID, element).text
