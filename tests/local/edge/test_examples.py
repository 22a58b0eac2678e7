"""The apps of the README's "first app" hear a price of the deployed stack."""

import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from subprocess import PIPE, Popen
from threading import Timer
from urllib.parse import urlencode

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from local.clients import Endpoints
from local.shell import shell_variables
from local.stack import ignore
from local.stream import send_stream
from local.toolchain.node import NODE, node_environment, npm_command
from tests.local.wire import DEADLINE_SECONDS, Listeners, Wire, a_trade
from workspace.paths import REPOSITORY

NODE_APP = [str(NODE), "examples/follow.mjs"]
PYTHON_APP = [sys.executable, "-m", "examples.follow"]


@contextmanager
def running(command: Sequence[str], api: str, stdin: int | None = None) -> Generator[Popen[str]]:
    """The app as a user starts it, with what it says of its connection in its stdout."""
    environment = node_environment() | {"RestApiUrl": api}
    with Popen(
        command,
        cwd=REPOSITORY,
        env=environment,
        stdin=stdin,
        stdout=PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as app:
        too_late = Timer(DEADLINE_SECONDS, app.kill)
        too_late.start()
        try:
            yield app
        finally:
            too_late.cancel()
            app.kill()


def line_with(app: Popen[str], text: str) -> str:
    """The next line of `app` that holds `text`."""
    assert app.stdout is not None
    lines: list[str] = []
    for line in app.stdout:
        if text in line:
            return line
        lines.append(line)
    raise AssertionError(f"no {text!r} within {DEADLINE_SECONDS} s; the app said {lines}")


@pytest.mark.parametrize("command", [NODE_APP, PYTHON_APP], ids=["node", "python"])
def test_app_prints_the_price_of_a_trade(wire: Wire, command: list[str]) -> None:
    with running([*command, "FIRST_APP"], wire.rest_url) as app:
        line_with(app, "live edge")

        wire.send(a_trade(lamports=3_100_000_000), token="FIRST_APP")

        assert line_with(app, " SOL").split()[1:] == ["0.0031", "SOL"]


def test_watchlist_prints_the_prices_of_its_tokens(wire: Wire) -> None:
    with running(
        [str(NODE), "examples/watchlist.mjs", "WATCHED_A", "WATCHED_B"], wire.rest_url
    ) as app:
        line_with(app, "live edge")

        for token, lamports in (("WATCHED_A", 3_300_000_000), ("WATCHED_B", 3_400_000_000)):
            wire.send(a_trade(lamports=lamports), token=token)

            price = str(lamports / 10**12)
            assert line_with(app, " SOL").split()[1:] == [token, price, "SOL"]


def table_of(browser: Chrome) -> list[list[str]]:
    rows = browser.find_elements(By.TAG_NAME, "tr")
    return [[cell.text for cell in row.find_elements(By.TAG_NAME, "td")] for row in rows]


def test_watchlist_of_another_origin_shows_the_prices_of_its_tokens(
    wire: Wire, pages: str, browser: Chrome
) -> None:
    query = urlencode({"api": wire.rest_url, "tokens": "LISTED_A,LISTED_B"})
    browser.get(f"{pages}/examples/watchlist.html?{query}")
    wait = WebDriverWait(browser, DEADLINE_SECONDS)
    wait.until(lambda _: browser.find_element(By.ID, "state").text == "live · edge")

    wire.send(a_trade(lamports=3_500_000_000), token="LISTED_A")
    wire.send(a_trade(lamports=3_600_000_000), token="LISTED_B")

    shown = [["LISTED_A", "0.0035 SOL"], ["LISTED_B", "0.0036 SOL"]]
    wait.until(lambda _: table_of(browser) == shown)


@contextmanager
def served_react() -> Generator[str]:
    """The origin of the React example, served as the README says, on any port."""
    command = npm_command("run", "watchlist", "--", "--serve=127.0.0.1:0")
    with running(command, "", stdin=PIPE) as app:
        yield line_with(app, "Local:").split()[-1].replace("127.0.0.1", "localhost")


def test_watchlist_in_react_shows_the_prices_of_its_tokens(wire: Wire, browser: Chrome) -> None:
    with served_react() as page:
        query = urlencode({"api": wire.rest_url, "tokens": "REACT_A,REACT_B"})
        browser.get(f"{page}?{query}")
        wait = WebDriverWait(browser, DEADLINE_SECONDS)
        live, no_price = "live · edge", "\N{EN DASH}"
        quiet = [["REACT_A", no_price, live], ["REACT_B", no_price, live]]
        wait.until(lambda _: table_of(browser) == quiet)

        wire.send(a_trade(lamports=3_700_000_000), token="REACT_A")
        wire.send(a_trade(lamports=3_800_000_000), token="REACT_B")

        shown = [["REACT_A", "0.0037 SOL", live], ["REACT_B", "0.0038 SOL", live]]
        wait.until(lambda _: table_of(browser) == shown)


def test_page_of_another_origin_shows_the_price_of_a_trade(
    wire: Wire, pages: str, browser: Chrome
) -> None:
    query = urlencode({"api": wire.rest_url, "token": "FIRST_PAGE"})
    browser.get(f"{pages}/examples/follow.html?{query}")
    wait = WebDriverWait(browser, DEADLINE_SECONDS)
    wait.until(lambda _: browser.find_element(By.ID, "state").text == "live · edge")

    wire.send(a_trade(lamports=3_200_000_000), token="FIRST_PAGE")

    wait.until(lambda _: browser.find_element(By.ID, "price").text == "0.0032 SOL")


def test_watchlist_in_python_prints_the_prices_of_its_tokens(wire: Wire) -> None:
    command = [sys.executable, "-m", "examples.watchlist", "PYTHON_A", "PYTHON_B"]
    with running(command, wire.rest_url) as app:
        line_with(app, "live edge")

        for token, lamports in (("PYTHON_A", 3_900_000_000), ("PYTHON_B", 4_100_000_000)):
            wire.send(a_trade(lamports=lamports), token=token)

            price = str(lamports / 10**12)
            assert line_with(app, " SOL").split()[1:] == [token, price, "SOL"]


async def test_stream_of_made_up_trades_is_heard_in_order(
    endpoints: Endpoints, edge_url: str, listeners: Listeners
) -> None:
    await send_stream(endpoints, ignore, "STREAM", per_second=50, count=1)
    listener = await listeners.at_edge(edge_url, "STREAM")
    # Greeted: before that, trades of a token without a price are only the newest one.
    await listener.hear(lambda heard: len(heard.updates) == 1, "the price so far")

    await send_stream(endpoints, ignore, "STREAM", per_second=50, count=10)

    await listener.hear(lambda heard: len(heard.updates) == 11, "ten prices more")
    ids = [update["id"] for update in listener.updates]
    assert ids == sorted(ids)  # so that no price counts as late
    assert len({update["price"] for update in listener.updates}) > 1


def test_printed_variables_are_those_of_the_stack(endpoints: Endpoints) -> None:
    line = 'eval "$(cat)"; echo "$RestApiUrl $WebhookUrl $WebSocketUrl $EdgeUrl $KEY"'

    shown = subprocess.run(
        ["bash", "-c", line],
        input=shell_variables(endpoints),
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert shown.split() == [
        endpoints.rest_url,
        endpoints.webhook_url,
        endpoints.websocket_url,
        endpoints.edge_url,
        endpoints.webhook_key,
    ]
