"""Typed reads of DynamoDB attributes: `{"S": text}`, `{"N": number}`, `{"SS": [text, …]}`."""

from collections.abc import Mapping
from typing import cast

Row = Mapping[str, Mapping[str, object]]


def text(row: Row, name: str) -> str:
    return cast("str", row[name]["S"])


def number(row: Row, name: str) -> str:
    """The number as DynamoDB writes it, exact."""
    return cast("str", row[name]["N"])


def integer(row: Row, name: str) -> int:
    return int(number(row, name))


def texts(row: Row, name: str) -> frozenset[str]:
    """A set of texts; DynamoDB leaves an empty one out."""
    return frozenset(cast("list[str]", row[name]["SS"])) if name in row else frozenset[str]()
