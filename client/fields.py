"""JSON as it arrived, made sure of. Pure."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

Fields = Mapping[str, object]


def parse_json(text: str | bytes) -> object:
    """Read `text`, its fractions as they were written. Raises ValueError."""
    return json.loads(text, parse_float=Decimal)


def as_fields(value: object) -> Fields:
    """Raises ValueError unless `value` is an object."""
    if isinstance(value, dict):
        return cast("Fields", value)
    raise ValueError(f"no object: {value}")


def as_list(value: object) -> Sequence[object]:
    """Raises ValueError unless `value` is an array."""
    if isinstance(value, list):
        return cast("list[object]", value)
    raise ValueError(f"no array: {value}")
