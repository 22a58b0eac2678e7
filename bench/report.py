"""The result of a benchmark: a table with a title, printed as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles


@dataclass(frozen=True, slots=True)
class Report:
    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        widths = [
            max(len(row[column]) for row in (self.header, *self.rows))
            for column in range(len(self.header))
        ]
        lines = [self.header, ["-" * width for width in widths], *self.rows]
        table = [
            "| "
            + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            + " |"
            for line in lines
        ]
        return "\n".join([f"## {self.title}", "", *table, ""])


def percentile(samples: Sequence[float], percent: int) -> float:
    """The value that `percent` of `samples` do not exceed."""
    return quantiles(samples, n=100, method="inclusive")[percent - 1]
