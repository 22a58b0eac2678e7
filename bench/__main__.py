"""`python -m bench [name …]`: run the benchmarks and print their tables."""

import sys
from collections.abc import Callable

from bench import cold_start, fan_out, sizes, warm_handler, worst_case
from bench.report import Report

BENCHMARKS: dict[str, Callable[[], list[Report]]] = {
    "cold-start": cold_start.measure,
    "warm-handler": warm_handler.measure,
    "worst-case": worst_case.measure,
    "sizes": sizes.measure,
    "fan-out": fan_out.measure,
}


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        sys.stderr.write(f"no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}\n")
        return 2
    for name in names or BENCHMARKS:
        for report in BENCHMARKS[name]():
            sys.stdout.write(report.markdown() + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
