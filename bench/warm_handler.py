"""Measures how long a warm webhook takes per trade; AWS answers at once."""

import json
import os
import time
from importlib import import_module

from bench.cold_start import SAMPLE
from bench.endpoint import running_endpoint
from bench.lambda_process import variables, webhook_event
from bench.report import Report, percentile

TRADES = 2_000
WARM_UP = 100


def measure() -> list[Report]:
    body = json.loads(SAMPLE.read_text())
    with running_endpoint() as endpoint:
        os.environ.update(variables(endpoint))
        # Imported here, because the module reads the environment when it is imported.
        handler = import_module("functions.webhook").handler
        samples: list[float] = []
        for index in range(WARM_UP + TRADES):
            body[0]["slot"] = 300_000_000 + index
            event = webhook_event(json.dumps(body))
            started = time.perf_counter()
            answer = handler(event, None)
            if answer["statusCode"] != 200:
                raise RuntimeError(f"the webhook answered {answer}")
            samples.append((time.perf_counter() - started) * 1000)
    warm = samples[WARM_UP:]
    row = (str(TRADES), f"{percentile(warm, 50):.2f}", f"{percentile(warm, 99):.2f}")
    return [Report("Webhook, warm, per trade", ("trades", "p50 ms", "p99 ms"), [row])]
