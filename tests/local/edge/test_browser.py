"""What a person sees: a plain page opened from disk, and the worker's own test page."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

import httpx
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from local.browser import HEIGHT, WIDTH, resize
from local.clients import Endpoints
from local.picture import take_picture
from local.trades import SIMPLE_TOKEN
from tests.local.wire import DEADLINE_SECONDS, Wire, a_trade

PLAIN_PAGE = """<!doctype html><title>plain</title><pre id="heard"></pre><script>
const socket = new WebSocket("%s/ws/TEST_TOKEN");
socket.onmessage = ({ data }) => { document.getElementById("heard").textContent += data + "\\n"; };
</script>"""

# The status, and whether the page sees the stack's time; or why it could not read.
READ = """
const [url, headers, done] = arguments;
fetch(url, { headers }).then(
  (answer) => answer.json().then(() => done([answer.status, !Number.isNaN(Date.parse(answer.headers.get("date")))])),
  (error) => done([error.name]),
);
"""

NO_PRICE = "\N{EN DASH}"

# Price and path of a token in the test page's watchlist.
ROW = """
const row = [...document.querySelectorAll("#watchlist > li")].find((each) => each.querySelector(".token").textContent === arguments[0]);
return row === undefined ? [] : [".price", ".path"].map((part) => row.querySelector(part).textContent);
"""

A_MINT = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"  # as long as mints are

PAGE_WIDTH_AND_HEADER = """
const [name, state] = ["h1", "#state"].map((each) => document.querySelector(each).getBoundingClientRect());
return [document.documentElement.scrollWidth, name.top + name.height / 2, state.top, state.bottom];
"""


def wait_until(browser: Chrome, seen: Callable[[], bool], what: str) -> None:
    WebDriverWait(browser, DEADLINE_SECONDS).until(lambda _: seen(), what)


def read(browser: Chrome, url: str, headers: dict[str, str]) -> list[object]:
    """What the page in `browser` gets of `url`."""
    script: dict[str, object] = {"script": READ, "args": [url, headers]}
    return browser.execute("w3cExecuteScriptAsync", script)["value"]


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


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer of-a-user"}])
def test_page_of_any_local_port_reads_prices_and_refusals(
    wire: Wire, pages: str, browser: Chrome, headers: dict[str, str]
) -> None:
    """With a bearer the browser asks first, by a preflight."""
    wire.send(a_trade(), token="READ")
    browser.get(f"{pages}/examples/")

    for path in ("/connect/READ", "/tokens/READ/price", "/tokens/READ/prices?range=1h"):
        assert read(browser, f"{wire.rest_url}{path}", headers) == [200, True], path
    assert read(browser, f"{wire.rest_url}/tokens/NEVER_TRADED/price", headers) == [404, True]
    assert read(browser, f"{wire.rest_url}/connect/a%20b", headers) == [400, True]


def test_page_of_another_site_reads_nothing(wire: Wire, pages: str, browser: Chrome) -> None:
    browser.get(f"{pages.replace('localhost', 'evil.localhost')}/examples/")

    assert read(browser, f"{wire.rest_url}/health/live", {}) == ["TypeError"]


def test_page_tries_again_what_it_may_not_read(wire: Wire, pages: str, browser: Chrome) -> None:
    """API Gateway's own 429 and 5xx have no CORS headers: a page learns only that it failed."""
    with throttled_once(wire.rest_url) as api:
        query = urlencode({"api": api, "token": "THROTTLED"})
        browser.get(f"{pages}/examples/follow.html?{query}")
        wait_until(browser, lambda: "live" in text_of(browser, "state"), "the page to be live")

        wire.send(a_trade(lamports=3_300_000_000), token="THROTTLED")

        wait_until(browser, lambda: "0.0033" in text_of(browser, "price"), "the price")


@contextmanager
def throttled_once(api: str) -> Generator[str]:
    """`api` behind an address that answers the first request as a gateway that has too many."""
    answered = count()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if next(answered) == 0:
                self._answer(429, {}, b'{"message":"Too Many Requests"}')
                return
            headers = {"origin": self.headers.get("origin", "")}
            answer = httpx.get(f"{api}{self.path}", headers=headers, timeout=60)
            kept = {"content-type", "access-control-allow-origin", "access-control-expose-headers"}
            self._answer(
                answer.status_code,
                {name: value for name, value in answer.headers.items() if name in kept},
                answer.content,
            )

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def row_of(browser: Chrome, token: str) -> list[str]:
    """What the watchlist of the page says of `token`: price and path; nothing if it is not in it."""
    script: dict[str, object] = {"script": ROW, "args": [token]}
    return browser.execute("w3cExecuteScript", script)["value"]


def test_test_page_shows_live_prices_of_a_watchlist_on_one_socket(
    wire: Wire, edge_url: str, browser: Chrome
) -> None:
    browser.get(f"{edge_url}/#FIRST_PAGED")
    wait_until(
        browser, lambda: row_of(browser, "FIRST_PAGED") == [NO_PRICE, "edge"], "the first token"
    )
    browser.find_element(By.ID, "token").send_keys("PAGED")
    browser.find_element(By.CSS_SELECTOR, "#add button").click()
    wait_until(
        browser, lambda: row_of(browser, "PAGED") == [NO_PRICE, "edge"], "the token to be added"
    )

    for lamports in (2_500_000_000, 2_600_000_000, 2_550_000_000):
        wire.send(a_trade(lamports=lamports), token="PAGED")
    wire.send(a_trade(lamports=1_000_000_000), token="FIRST_PAGED")

    wait_until(browser, lambda: row_of(browser, "PAGED") == ["0.00255", "edge"], "the newest price")
    wait_until(browser, lambda: row_of(browser, "FIRST_PAGED") == ["0.001", "edge"], "the other's")
    assert [text_of(browser, each) for each in ("sockets", "updates")] == ["1", "4"]
    assert "PRICE_UPDATE" in text_of(browser, "log")


def test_test_page_opens_on_the_demo_token(wire: Wire, edge_url: str, browser: Chrome) -> None:
    trade = a_trade()
    wire.send(trade, token=SIMPLE_TOKEN)

    browser.get(edge_url)

    wait_until(browser, lambda: trade["txSignature"] in text_of(browser, "log"), "its newest price")


@pytest.mark.parametrize("width", [390, WIDTH])
def test_test_page_fits_phones_and_desktops(edge_url: str, browser: Chrome, width: int) -> None:
    try:
        resize(browser, width, HEIGHT)
        browser.get(f"{edge_url}/#{A_MINT},{SIMPLE_TOKEN}")
        wait_until(browser, lambda: text_of(browser, "state") == "live", "the page to be live")

        script: dict[str, object] = {"script": PAGE_WIDTH_AND_HEADER, "args": []}
        width_needed, name_middle, state_top, state_bottom = browser.execute(
            "w3cExecuteScript", script
        )["value"]
        assert width_needed == width
        assert state_top < name_middle < state_bottom  # on one line
    finally:
        resize(browser, WIDTH, HEIGHT)


def test_test_page_has_one_thing_called_frames(edge_url: str, browser: Chrome) -> None:
    browser.get(edge_url)

    assert browser.find_element(By.TAG_NAME, "main").text.count("Frames") == 1


def test_picture_of_the_readme_is_taken_from_the_page(endpoints: Endpoints, tmp_path: Path) -> None:
    picture = tmp_path / "page.png"

    take_picture(endpoints, picture, trades=10, candles=2)

    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert [int.from_bytes(data[at : at + 4]) for at in (16, 20)] == [WIDTH, HEIGHT]
