"""Tables of what a demonstration found, which 80 columns hold."""

from rich import box
from rich.table import Table


def results(*columns: str) -> Table:
    """Return an empty table; what is too long for a column is folded, where Rich would cut it."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        longest = max(map(len, column.split()))
        table.add_column(column, overflow="fold", min_width=longest)
    return table
