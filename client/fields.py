"""Parses JSON and checks its types. Pure."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

Fields = Mapping[str, object]


def parse_json(text: str | bytes) -> object:
    """Parse `text`; fractions become Decimal, so that no digit is lost. Raises ValueError."""
    return json.loads(text, parse_float=Decimal)


def as_fields(value: object) -> Fields:
    """Return `value` if it is a JSON object; else raise ValueError."""
    if isinstance(value, dict):
        return cast("Fields", value)
    raise ValueError(f"no object: {value}")


def as_list(value: object) -> Sequence[object]:
    """Return `value` if it is a JSON array; else raise ValueError."""
    if isinstance(value, list):
        return cast("list[object]", value)
    raise ValueError(f"no array: {value}")
