"""Measures how long the webhook takes when nothing that it calls answers: its deadline is 850 ms."""

import os
import socket
import sys
import time
from importlib import import_module

from bench.cold_start import SAMPLE
from bench.lambda_process import variables, webhook_event
from bench.report import Report
from functions import environment

RUNS = 5
TIME_OUTS_MS = (200, 5_000)
"""Of each call: the default, and the highest."""


def measure() -> list[Report]:
    event = webhook_event(SAMPLE.read_text())
    rows: list[tuple[str, str, str, str]] = []
    # The kernel takes the connections, and nobody reads from them.
    with socket.create_server(("127.0.0.1", 0), backlog=1_024) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for timeout_ms in TIME_OUTS_MS:
            os.environ.update(variables(url))
            os.environ[environment.USE_EDGE_BROADCAST] = "true"
            os.environ[environment.CALL_TIMEOUT_MS] = str(timeout_ms)
            sys.modules.pop("functions.webhook", None)  # it reads them when it is imported
            handler = import_module("functions.webhook").handler
            samples: list[float] = []
            statuses: set[int] = set()
            for _ in range(RUNS):
                started = time.perf_counter()
                statuses.add(handler(event, None)["statusCode"])
                samples.append((time.perf_counter() - started) * 1000)
            answered = ", ".join(map(str, sorted(statuses)))
            rows.append((f"{timeout_ms:,}", str(RUNS), answered, f"{max(samples):.0f}"))
        for name in (environment.CALL_TIMEOUT_MS, environment.USE_EDGE_BROADCAST):
            del os.environ[name]
    title = "Webhook, every dependency silent (deadline 850 ms)"
    return [Report(title, ("callTimeoutMs", "runs", "status", "slowest ms"), rows)]
