"""What a person sees: a plain page opened from disk, and the worker's own test page."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.local.wire import DEADLINE_SECONDS, Wire, a_trade

PLAIN_PAGE = """<!doctype html><title>plain</title><pre id="heard"></pre><script>
const socket = new WebSocket("%s/ws/TEST_TOKEN");
socket.onmessage = ({ data }) => { document.getElementById("heard").textContent += data + "\\n"; };
</script>"""


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in (
        "--headless",
        "--no-sandbox",  # as root, where CI runs
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--window-size=1200,900",
        f"--user-data-dir={tmp_path / 'profile'}",
    ):
        options.add_argument(argument)
    driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def wait_until(browser: Chrome, seen: Callable[[], bool], what: str) -> None:
    WebDriverWait(browser, DEADLINE_SECONDS).until(lambda _: seen(), what)


def text_of(browser: Chrome, element: str) -> str:
    return browser.find_element(By.ID, element).text


def test_plain_page_from_disk_shows_the_update_of_a_webhook_post(
    wire: Wire, edge_url: str, browser: Chrome, tmp_path: Path
) -> None:
    page = tmp_path / "plain.html"
    page.write_text(PLAIN_PAGE % edge_url.replace("http", "ws", 1))
    browser.get(page.as_uri())
    wait_until(browser, lambda: "connected" in text_of(browser, "heard"), "the room's greeting")
    trade = a_trade()

    wire.send(trade, token="TEST_TOKEN")

    wait_until(browser, lambda: trade["txSignature"] in text_of(browser, "heard"), "the update")


def test_test_page_shows_the_live_price(
    wire: Wire, edge_url: str, browser: Chrome, tmp_path: Path
) -> None:
    browser.get(edge_url)
    browser.find_element(By.ID, "token").send_keys("PAGE")
    browser.find_element(By.CSS_SELECTOR, "#connect button").click()
    wait_until(browser, lambda: text_of(browser, "state") == "live", "the page to be live")

    for lamports in (2_500_000_000, 2_600_000_000, 2_550_000_000):
        wire.send(a_trade(lamports=lamports), token="PAGE")

    wait_until(browser, lambda: "0.00255" in text_of(browser, "price"), "the newest price")
    assert text_of(browser, "updates") == "3"
    assert "PRICE_UPDATE" in text_of(browser, "log")
    (tmp_path / "test-page.png").write_bytes(browser.get_screenshot_as_png())
