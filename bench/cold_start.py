"""Measures the time from process start to the webhook's first answer, and each function's imports."""

import json
from pathlib import Path
from statistics import median

from bench.endpoint import running_endpoint
from bench.lambda_process import ROOT, first_answer_ms, import_ms, webhook_event
from bench.report import Report

RUNS = 10
HANDLERS = ("webhook", "broadcast", "connections", "prices", "discovery")
SAMPLE: Path = ROOT / "tests" / "data" / "helius" / "enh_swap_jupiter_usdc_to_sol_1hop.json"


def measure() -> list[Report]:
    event = webhook_event(SAMPLE.read_text())
    with running_endpoint() as endpoint:
        first_answer_ms(
            "webhook", event, endpoint
        )  # writes the .pyc files, as Lambda's runtime has
        cold = [first_answer_ms("webhook", event, endpoint) for _ in range(RUNS)]
    sample = json.loads(SAMPLE.read_text())[0]["type"]
    first = Report(
        "Webhook, process start to first answer (cold)",
        ("body", "runs", "median ms", "slowest ms"),
        [(f"one ENHANCED {sample}", str(RUNS), f"{median(cold):.0f}", f"{max(cold):.0f}")],
    )
    rows = [("bare Python", f"{median([import_ms('pass') for _ in range(RUNS)]):.0f}")]
    for handler in HANDLERS:
        costs = [import_ms(f"import functions.{handler}") for _ in range(RUNS)]
        rows.append((f"functions.{handler}", f"{median(costs):.0f}"))
    return [first, Report("Start of a process with its imports", ("imports", "median ms"), rows)]
