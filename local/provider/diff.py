"""Finds what an update changes, and whether it replaces the resource."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from local.provider.values import DEFAULTS, Properties, Value, is_asset_or_archive


@dataclass(frozen=True)
class Change:
    """One input that differs."""

    kind: Literal["add", "delete", "update"]
    replaces: bool


def diff(olds: Properties, news: Properties, replaced_by: AbstractSet[str]) -> dict[str, Change]:
    """Property path → change, from the inputs before and after."""
    changes: dict[str, Change] = {}
    for name in sorted((olds.keys() | news.keys()) - {DEFAULTS}):
        replaces = name in replaced_by
        for path, kind in _differences(name, olds.get(name), news.get(name)):
            changes[path] = Change(kind, replaces)
    return changes


def _differences(
    path: str, old: Value, new: Value
) -> Iterator[tuple[str, Literal["add", "delete", "update"]]]:
    if old is None and new is not None:
        yield path, "add"
    elif new is None and old is not None:
        yield path, "delete"
    elif is_asset_or_archive(old) and is_asset_or_archive(new):
        # Only the content counts: the same archive in another folder is no change.
        if old.get("hash") != new.get("hash"):
            yield path, "update"
    elif isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from _differences(f"{path}{_member(name)}", old.get(name), new.get(name))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _differences(f"{path}[{index}]", _item(old, index), _item(new, index))
    elif old != new:
        yield path, "update"


def _member(name: str) -> str:
    return f".{name}" if name.isidentifier() else f'["{name}"]'


def _item(items: list[Value], index: int) -> Value:
    return items[index] if index < len(items) else None
