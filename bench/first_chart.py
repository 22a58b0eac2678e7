"""Measures how long the page takes until its first chart is on the screen, on a local stack of its own.

Chromium opens the page that the worker serves, once with an empty cache and then again; the chart's candles
come from the stack's API. All of it shares this machine, so the network costs nothing.
"""

import asyncio
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from selenium.webdriver import Chrome
from selenium.webdriver.support.ui import WebDriverWait

from bench.report import Report
from local.browser import browsing
from local.clients import Endpoints
from local.cloud import LocalCloud
from local.stack import LocalStack, ignore
from local.stream import send_stream
from local.trades import SIMPLE_TOKEN

RUNS: Final = 5
TRADES: Final = 60
PER_SECOND: Final = 10
WAIT_SECONDS: Final = 60

# The page notes how many candles its chart shows (worker/browser/chart.js). Two frames later they are
# on the screen.
WATCH: Final = """
new MutationObserver((_, observer) => {
  if (!(Number(document.querySelector("#chart")?.dataset.candles) > 0)) return;
  observer.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => { window.chartShownMs = performance.now(); }));
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-candles"] });
"""
READ: Final = """
const [navigation] = performance.getEntriesByType("navigation");
return window.chartShownMs === undefined ? null : [navigation.domContentLoadedEventEnd, window.chartShownMs];
"""


def measure() -> list[Report]:
    with (
        TemporaryDirectory(prefix="glow-bench-") as folder,
        LocalCloud(Path(folder), aws_port=0, worker_port=0) as cloud,
    ):
        stack = LocalStack(cloud)
        stack.prepare()
        stack.up()
        return [measured_at(stack.endpoints())]


def measured_at(endpoints: Endpoints) -> Report:
    """Of a stack that is deployed."""
    asyncio.run(send_stream(endpoints, ignore, SIMPLE_TOKEN, PER_SECOND, TRADES))
    visits = [_visits(endpoints) for _ in range(RUNS)]
    rows = [
        _row("first visit", [first for first, _ in visits]),
        _row("again", [again for _, again in visits]),
    ]
    header = ("visit", "runs", "median ms to the page", "median ms to the chart", "slowest ms")
    return Report("Page load to the first chart on the screen", header, rows)


def _visits(endpoints: Endpoints) -> tuple[list[float], list[float]]:
    """The first one of a browser without a profile, and the next."""
    with browsing() as browser:
        _execute(browser, "Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        first = _visit(browser, endpoints.edge_url)
        browser.get("about:blank")
        return first, _visit(browser, endpoints.edge_url)


def _visit(browser: Chrome, edge_url: str) -> list[float]:
    browser.get(f"{edge_url}/#{SIMPLE_TOKEN}")
    shown = WebDriverWait(browser, WAIT_SECONDS).until(_shown, "the page shows no chart")
    assert shown is not None  # else it would still wait
    return shown


def _shown(browser: Chrome) -> list[float] | None:
    script: dict[str, object] = {"script": READ, "args": []}
    return browser.execute("w3cExecuteScript", script)["value"]


def _execute(browser: Chrome, command: str, params: dict[str, Any]) -> None:
    browser.execute("executeCdpCommand", {"cmd": command, "params": params})


def _row(name: str, visits: list[list[float]]) -> tuple[str, ...]:
    loaded, shown = zip(*visits, strict=True)
    return (
        name,
        str(len(visits)),
        f"{median(loaded):.0f}",
        f"{median(shown):.0f}",
        f"{max(shown):.0f}",
    )
