"""Measures the time from process start to the webhook's first answer, and each function's imports."""

from pathlib import Path
from statistics import median

from bench.endpoint import running_endpoint
from bench.lambda_process import ROOT, Start, first_answer, import_ms, webhook_event
from bench.report import Report

RUNS = 10
HANDLERS = ("webhook", "broadcast", "connections", "prices", "discovery")
SAMPLE: Path = ROOT / "tests" / "data" / "helius" / "enh_swap_jupiter_usdc_to_sol_1hop.json"


def measure() -> list[Report]:
    event = webhook_event(SAMPLE.read_text())
    cold: dict[str, list[Start]] = {"false": [], "true": []}
    with running_endpoint() as endpoint:
        for flag in cold:  # writes the .pyc files, as Lambda's runtime has
            first_answer("webhook", event, endpoint, USE_EDGE_BROADCAST=flag)
        for _ in range(RUNS):  # in turn, so that a neighbour on this machine disturbs both alike
            for flag, samples in cold.items():
                samples.append(first_answer("webhook", event, endpoint, USE_EDGE_BROADCAST=flag))
    first = Report(
        "Webhook, process start to first answer (cold)",
        ("edge", "runs", "median ms", "slowest ms", "median CPU ms"),
        [
            (
                "on" if flag == "true" else "off",
                str(RUNS),
                f"{median(each.elapsed_ms for each in samples):.0f}",
                f"{max(each.elapsed_ms for each in samples):.0f}",
                f"{median(each.cpu_ms for each in samples):.0f}",
            )
            for flag, samples in cold.items()
        ],
    )
    rows = [("bare Python", f"{median([import_ms('pass') for _ in range(RUNS)]):.0f}")]
    for handler in HANDLERS:
        costs = [import_ms(f"import functions.{handler}") for _ in range(RUNS)]
        rows.append((f"functions.{handler}", f"{median(costs):.0f}"))
    return [first, Report("Start of a process with its imports", ("imports", "median ms"), rows)]
