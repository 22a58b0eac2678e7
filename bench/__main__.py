"""`python -m bench [name …]`: run the benchmarks, print their tables and keep them in bench/results/.

`--note "The machine was shared."` is kept beside them.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from typing import Final

from bench import (
    backfill,
    chart_query,
    cold_start,
    fan_out,
    first_chart,
    market_cost,
    sizes,
    trade_rate,
    warm_handler,
    worst_case,
)
from bench.recorded import measured_now, write
from bench.report import Report
from bench.script import Script
from workspace.paths import REPOSITORY

Benchmark = Callable[[], list[Report]] | Script

BENCHMARKS: Final[Mapping[str, Benchmark]] = {
    "cold-start": cold_start.measure,
    "warm-handler": warm_handler.measure,
    "trade-rate": trade_rate.measure,
    "worst-case": worst_case.measure,
    "sizes": sizes.measure,
    "fan-out": fan_out.measure,
    "market-cost": market_cost.measure,
    "chart-query": chart_query.measure,
    "backfill": backfill.measure,
    "first-chart": first_chart.measure,
    "room-publisher": Script(("bench/room.mjs", "publisher")),
    "room-pause": Script(("bench/room.mjs", "pause")),
    "room-alone": Script(("bench/room.mjs", "alone")),
    "room-crowd": Script(("bench/room.mjs", "crowd")),
    "room-reset": Script(("bench/room.mjs", "reset")),
    "room-stalled": Script(("bench/room.mjs", "stalled")),
    "watchlists": Script(("bench/watchlists.mjs",)),
    "hubs-crowd": Script(("bench/hubs.mjs", "crowd")),
    "hubs-killed": Script(("bench/hubs.mjs", "killed")),
    "client": Script(("bench/client.mjs",)),
}


def main(arguments: list[str]) -> None:
    parser = ArgumentParser(prog="python -m bench", description="Run the benchmarks.")
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    parser.add_argument("--note", help="what a reader must know of this run")
    given = parser.parse_args(arguments)
    names: list[str] = given.names
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    for name in names or BENCHMARKS:
        _measure(name, BENCHMARKS[name], given.note)


def _measure(name: str, benchmark: Benchmark, note: str | None) -> None:
    if isinstance(benchmark, Script):
        reports, command = benchmark.measure(), benchmark.command
    else:
        reports, command = benchmark(), f"python -m bench {name}"
        for report in reports:
            sys.stdout.write(report.markdown() + "\n")
            sys.stdout.flush()
    file = write(name, measured_now(command, reports, note=note))
    sys.stdout.write(f"kept in {file.relative_to(REPOSITORY)}; to show it: make performance\n\n")


if __name__ == "__main__":
    main(sys.argv[1:])
