"""What DynamoDB bills for a request, by its rules for the sizes of rows. Pure.

A row has the bytes of its names and values; a number has a byte, and one for two digits (developer guide,
"DynamoDB item sizes and formats"). A write is billed by the started KB, whether its condition holds or
not, a consistent read of a query by the started 4 KB of all rows that it passes over, whatever it picks of
them ("DynamoDB read and write operations").
"""

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Final

Row = Mapping[str, Mapping[str, object]]

WRITE_UNIT_BYTES: Final = 1024
READ_UNIT_BYTES: Final = 4096


def row_bytes(row: Row) -> int:
    return sum(len(name.encode()) + _value_bytes(value) for name, value in row.items())


def write_units(row: Row) -> int:
    return max(1, ceil(row_bytes(row) / WRITE_UNIT_BYTES))


def read_units(rows: Iterable[Row]) -> int:
    """Of one consistent read of `rows`."""
    return max(1, ceil(sum(map(row_bytes, rows)) / READ_UNIT_BYTES))


def _value_bytes(value: Mapping[str, object]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(str(content).encode())
    if kind == "N":
        digits = str(content).lower().partition("e")[0].lstrip("-").replace(".", "").strip("0")
        return 1 + ceil(len(digits) / 2)
    raise ValueError(f"no row of these tables has an attribute of type {kind}")
