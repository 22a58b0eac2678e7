"""What the demonstrations found is printed whole, wherever it is printed."""

from collections import Counter
from io import StringIO

import pytest
from rich.console import Console

from local.migrate import COLUMNS
from local.results import results

# As a slow machine would make it: the widest numbers that a run has shown, and some.
STEPS = [
    [percent, 100, 100, 12_345, 246_900, 12_345, 12_345, 10_512, 20_514, 100, 120.5]
    for percent in (0, 10, 50, 100, 0)
]
MOVES = "heard, told to move to edge"


def printed(columns: tuple[str, ...], rows: list[list[str]]) -> str:
    """As a command prints it whose output is no terminal."""
    table = results(*columns)
    for row in rows:
        table.add_row(*row)
    output = StringIO()
    Console(file=output).print(table)
    return output.getvalue()


@pytest.mark.parametrize("terminal", ["80", None], ids=["80 columns", "no terminal"])
def test_row_of_the_migration_is_one_line_with_every_value(
    monkeypatch: pytest.MonkeyPatch, terminal: str | None
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    if terminal is not None:
        monkeypatch.setenv("COLUMNS", terminal)
    rows = [list(map(str, step)) for step in STEPS]

    lines = printed(COLUMNS, rows).splitlines()

    heading = " ".join(lines[: -len(rows) - 1])
    assert Counter(heading.split()) == Counter(" ".join(COLUMNS).split())
    assert [line.split() for line in lines[-len(rows) :]] == rows
    assert max(map(len, lines)) <= 80
    assert "…" not in "".join(lines)


@pytest.mark.parametrize("width", [80, 60])
def test_what_is_too_long_is_folded_and_never_cut(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    columns = ("Flag", "Library", "Raw client on aws", "Raw client on edge")

    text = printed(columns, [["false", "heard on aws", MOVES, MOVES]])

    assert max(map(len, text.splitlines())) <= width
    heading, row = text.split("─" * 10)[0], text.rpartition("─")[2]
    assert Counter(heading.split()) == Counter(" ".join(columns).split())
    assert Counter(row.split()) == Counter(f"false heard on aws {MOVES} {MOVES}".split())
