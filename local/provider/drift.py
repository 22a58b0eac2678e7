"""Finds the inputs that describe a resource as the cloud has it now. Pure."""

import json
from collections.abc import Iterable, Mapping

from local.provider.resource import Block, Inputs
from local.provider.values import DEFAULTS, Properties, Value


def seen(
    table: Inputs, given: Properties, answered: Mapping[str, Value], defaults: Mapping[str, Value]
) -> Properties:
    """The inputs `given` with the cloud's values instead.

    An input that is missing in `answered` keeps its value; one that is None there is not set in the
    cloud. An input that was not given counts only if it has an entry in `defaults` and the cloud has
    another value: so a setting made by hand is noticed, and one that the cloud fills in is not.
    """
    found = dict(given)
    for name in given.keys() - {DEFAULTS}:
        if name in answered:
            value = _merged(table.get(name), given[name], answered[name], defaults.get(name))
            if value is None:
                del found[name]
            else:
                found[name] = value
    for name in (defaults.keys() & answered.keys()) - given.keys():
        value = _set_by_hand(table.get(name), answered[name], defaults[name])
        if value is not None:
            found[name] = value
    return found


def imported(answered: Mapping[str, Value], defaults: Mapping[str, Value]) -> Properties:
    """The inputs of a program that would make what the cloud answers."""
    return {
        name: value
        for name, value in answered.items()
        if value is not None and value != defaults.get(name)
    }


def _merged(kind: object, given: Value, answered: Value, default: Value) -> Value:
    if isinstance(kind, Block) and isinstance(given, dict) and isinstance(answered, dict):
        unset = dict.fromkeys(kind.fields, None)
        defaults = default if isinstance(default, dict) else {}
        return seen(kind.fields, given, {**unset, **answered}, defaults)
    is_left_out = answered is None and given == default
    return given if is_left_out or _means_the_same(given, answered) else answered


def _set_by_hand(kind: object, answered: Value, default: Value) -> Value:
    if isinstance(kind, Block) and isinstance(answered, dict) and isinstance(default, dict):
        return seen(kind.fields, {}, answered, default) or None
    return None if _means_the_same(answered, default) else answered


def _means_the_same(one: Value, other: Value) -> bool:
    """Whether two values differ at most in the order of a list or in the layout of JSON text."""
    if isinstance(one, list) and isinstance(other, list):
        return _sorted(one) == _sorted(other)
    if isinstance(one, str) and isinstance(other, str) and one.startswith("{"):
        return _parsed(one) == _parsed(other)
    return one == other


def _sorted(items: Iterable[Value]) -> list[str]:
    return sorted(json.dumps(item, sort_keys=True) for item in items)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
