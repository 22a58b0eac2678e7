"""The page: its text (performance.md beside this file), with the tables of the results in their places.

A line `{{figures NAME}}` becomes the tables of bench/results/NAME.json and how they were measured, a line
`{{plot NAME}}` the picture of that name. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from bench.recorded import Machine, Result
from bench.report import Report

TEXT: Final = Path(__file__).with_name("performance.md")
FOLDER: Final = "performance"
"""Where the page looks for its pictures, from where it is."""

_PLACE: Final = re.compile(r"^\{\{(figures|plot) ([\w-]+)\}\}$", re.MULTILINE)


def page(text: str, results: Mapping[str, Result], plots: Mapping[str, str]) -> str:
    """`plots` are the titles of the pictures by name. Raises KeyError for one that is not there."""

    def filled(place: re.Match[str]) -> str:
        kind, name = place[1], place[2]
        if kind == "plot":
            return f"![{plots[name]}]({FOLDER}/{name}.svg)"
        result = results.get(name)
        return _figures(result) if result else f"Not measured yet: `python -m bench {name}`"

    return _PLACE.sub(filled, text)


def _figures(result: Result) -> str:
    tables = [_table(list(reports)) for _, reports in groupby(result.reports, key=_kind)]
    return "\n\n".join([*tables, provenance(result)])


def _kind(report: Report) -> tuple[object, ...]:
    """Tables that name their rows in the corner, as those of Node do, are shown as one."""
    return tuple(report.header[1:]) if report.title == report.header[0] else (report.title,)


def _table(reports: Sequence[Report]) -> str:
    first = reports[0]
    if first.title != first.header[0]:
        return "\n".join([f"**{first.title}**", "", *_lines(first.header, first.rows)])
    empty = [""] * (len(first.header) - 1)
    rows: list[Sequence[str]] = []
    for report in reports:
        rows += [[f"**{report.title}**", *empty], *report.rows]
    return "\n".join(_lines(["", *first.header[1:]], rows))


def _lines(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    ruler = ["---"] * len(header)
    return [_line(cells) for cells in (header, ruler, *rows)]


def _line(cells: Sequence[str]) -> str:
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


def provenance(result: Result) -> str:
    """How it was measured: the command, the day, the machine."""
    note = f" {result.note}" if result.note else ""
    return f"<sub>`{result.command}` · {result.date} · {_machine(result.machine)}.{note}</sub>"


def _machine(machine: Machine) -> str:
    cpu = f" ({machine.cpu})" if machine.cpu else ""
    memory = f"{machine.memory_gib} GiB" if machine.memory_gib else None
    return ", ".join(filter(None, (f"{machine.cores} cores{cpu}", memory, machine.system)))
