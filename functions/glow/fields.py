"""Typed reads from parsed JSON: each names the path of the field that is wrong."""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, cast

from functions.glow.errors import BadRequest

Json = Mapping[str, object]

DIGITS_PATTERN: Final = r"^-?[0-9]{1,40}$"

_DIGITS = re.compile(DIGITS_PATTERN, re.ASCII)


def parse_json(body: str | bytes, *, where: str) -> object:
    """`body` as JSON with exact decimals. Raises BadRequest: not UTF-8, not JSON, too deep, NaN."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise BadRequest(f"{where} is nested too deeply; send flat transactions") from error
    except ArithmeticError as error:  # an exponent beyond Decimal's 10**18
        raise BadRequest(f"{where} holds a number that is out of range") from error
    except ValueError as error:  # also UnicodeDecodeError and integers of over 4,300 digits
        raise BadRequest(f"{where} is not JSON: {error}") from error


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def as_object(value: object, *, where: str) -> Json:
    if isinstance(value, dict):
        return cast("Json", value)
    raise BadRequest(f"{where} must be a JSON object")


def as_array(value: object, *, where: str) -> Sequence[object]:
    if isinstance(value, list):
        return cast("Sequence[object]", value)
    raise BadRequest(f"{where} must be a JSON array")


def optional_objects(parent: Json, key: str, *, where: str) -> list[Json]:
    """The objects in `parent[key]`; none where Helius leaves the field out or null."""
    value = parent.get(key)
    if value is None:
        return []
    path = f"{where}.{key}"
    return [
        as_object(item, where=f"{path}[{index}]")
        for index, item in enumerate(as_array(value, where=path))
    ]


def texts(parent: Json, key: str, *, where: str) -> list[str]:
    """The texts in `parent[key]`; none where Helius leaves the field out or null."""
    value = parent.get(key)
    items: Sequence[object] = [] if value is None else as_array(value, where=f"{where}.{key}")
    found = [item for item in items if isinstance(item, str)]
    if len(found) != len(items):
        raise BadRequest(f"{where}.{key} must hold texts only")
    return found


def text(parent: Json, key: str, *, where: str) -> str:
    """`parent[key]`, a text; Helius writes "" for an account it does not know."""
    value = parent.get(key)
    if isinstance(value, str):
        return value
    raise BadRequest(f"{where}.{key} must be a text")


def integer(parent: Json, key: str, *, where: str) -> int:
    """`parent[key]`, a JSON integer or a text of digits (Helius writes raw amounts as text)."""
    value = parent.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    raise BadRequest(f"{where}.{key} must be a whole number")
