"""docs/performance.md is made of what was measured."""

import re
from decimal import Decimal

import pytest

from bench.__main__ import BENCHMARKS
from bench.dynamodb_units import read_units, row_bytes, write_units
from bench.page.pages import COMMAND, files
from bench.page.plots import numbers
from bench.page.render import TEXT, page
from bench.printed import reports_in
from bench.recorded import Machine, Result, read_all
from functions.glow.candles import roll
from ops.cost.prices import read_prices
from workspace.paths import REPOSITORY

WRITE_USD, READ_USD = (
    float(read_prices().prices[key].usd(Decimal(1_000_000)))
    for key in ("dynamodb_writes", "dynamodb_reads")
)
PRINTED = """\
## Posts

| by | posts/s |
| -- | ------- |
| us | 5,395   |

| 10 clients | ours | bare |
| --- | --- | --- |
| p50 ms | 1 | 2 |

| 20 clients | ours | bare |
| --- | --- | --- |
| p50 ms | 3 | 4 |
"""


def a_result(printed: str = PRINTED) -> Result:
    machine = Machine(cores=2, cpu="A CPU", memory_gib=8, system="Linux 6.1")
    return Result(
        command="node bench/it.mjs", date="2026-11-26", machine=machine, reports=reports_in(printed)
    )


@pytest.mark.parametrize("path", sorted(files()))
def test_page_and_pictures_are_made_of_the_results(path: str) -> None:
    assert (REPOSITORY / path).read_text() == files()[path], (
        f"bench/results/ or the page's text has changed. Run: {COMMAND}"
    )


def test_every_benchmark_and_every_result_is_on_the_page() -> None:
    named = re.findall(r"^\{\{figures ([\w-]+)\}\}$", TEXT.read_text(), re.MULTILINE)

    assert {*BENCHMARKS, *read_all()} == set(named)


def test_tables_of_both_languages_are_shown_with_how_they_were_measured() -> None:
    assert page("A\n\n{{figures it}}\n\nB\n", {"it": a_result()}, {}) == (
        "A\n\n"
        "**Posts**\n\n| by | posts/s |\n| --- | --- |\n| us | 5,395 |\n\n"
        "| | ours | bare |\n| --- | --- | --- |\n"
        "| **10 clients** | | |\n| p50 ms | 1 | 2 |\n| **20 clients** | | |\n| p50 ms | 3 | 4 |\n\n"
        "<sub>`node bench/it.mjs` · 2026-11-26 · 2 cores (A CPU), 8 GiB, Linux 6.1.</sub>\n\n"
        "B\n"
    )


def test_what_was_not_measured_says_how() -> None:
    assert page("{{figures it}}\n", {}, {}) == "Not measured yet: `python -m bench it`\n"


@pytest.mark.parametrize("printed", ["", "| a | b |\n| --- | --- |\n| 1 |\n"])
def test_output_that_holds_no_whole_table_is_refused(printed: str) -> None:
    with pytest.raises(ValueError, match="table"):
        reports_in(printed)


def test_roll_up_costs_what_its_docstring_says() -> None:
    """Alone in its batch, and at two rates, for which it gives the units at one trade a second."""
    said = roll.__doc__ or ""
    alone = re.search(r"Together \$([\d.]+)\.", said)
    units = re.search(r"r = 1 +writes ([\d.]+) units, reads ([\d.]+) \+ ([\d.]+) units", said)
    assert alone is not None
    assert units is not None
    writes, share, reads = map(float, units.groups())
    report = read_all()["market-cost"].reports[0]
    dollars = numbers(report, "$ per million trades")
    measured = {
        float(row[0]): usd or 0
        for row, usd in zip(report.rows, dollars, strict=True)
        if row[1] == "candles"
    }

    assert list(measured) == [0.2, 1, 50]
    assert measured.pop(0.2) == pytest.approx(float(alone[1]), abs=0.02)
    for rate, usd in measured.items():
        said_usd = writes / rate * WRITE_USD + (share + reads / rate) * READ_USD
        assert usd == pytest.approx(said_usd, abs=0.02)


def test_units_are_counted_as_dynamodb_bills_them() -> None:
    row = {"name": {"S": "v" * 1_012}, "n": {"N": "-12.30"}}

    assert row_bytes(row) == 4 + 1_012 + 1 + 3
    assert (write_units(row), write_units(row | {"more": {"S": "v"}})) == (1, 2)
    assert (read_units([]), read_units([row] * 4), read_units([row] * 5)) == (1, 1, 2)
