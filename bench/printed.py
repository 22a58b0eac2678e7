"""The tables in what a benchmark prints: Markdown, with a heading over a table or its title in the corner.

    python -m bench.printed watchlists "node bench/watchlists.mjs" < what-it-printed

keeps them as bench/results/watchlists.json, as if `python -m bench watchlists` had run it here today.
"""

import sys
from collections.abc import Iterator

from bench.recorded import measured_now, write
from bench.report import Report


def reports_in(text: str) -> list[Report]:
    """Raises ValueError if there is no table, or a row has more or fewer cells than its header."""
    reports = list(_reports(text))
    if not reports:
        raise ValueError("there is no table in what was printed")
    return reports


def _reports(text: str) -> Iterator[Report]:
    heading: str | None = None
    table: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            table.append([cell.strip() for cell in line.strip().strip("|").split("|")])
            continue
        if table:
            yield _report(heading, table)
            heading, table = None, []
        if line.startswith("## "):
            heading = line.removeprefix("## ").strip()


def _report(heading: str | None, table: list[list[str]]) -> Report:
    header, ruler, *rows = table
    if any(len(row) != len(header) for row in (ruler, *rows)):
        raise ValueError(f"the rows of the table {header[0]!r} differ in length")
    return Report(heading or header[0], header, rows)


def main(name: str, command: str) -> None:
    write(name, measured_now(command, reports_in(sys.stdin.read())))


if __name__ == "__main__":
    main(*sys.argv[1:])
