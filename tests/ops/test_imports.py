"""Which room imports which: ops knows stacks by their outputs and never the local cloud."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from workspace.paths import REPOSITORY

FORBIDDEN = [
    ("ops", "local"),
    ("workspace", "ops"),
    ("workspace", "local"),
    ("local", "ops"),
]


def _imports(file: Path) -> Iterator[tuple[int, str]]:
    """Line and module of each import, wherever in the file it stands."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


@pytest.mark.parametrize(("room", "other"), FORBIDDEN, ids=" not ".join)
def test_room_imports_nothing_of_the_other(room: str, other: str) -> None:
    files = sorted((REPOSITORY / room).rglob("*.py"))

    wrong = [
        f"{file.relative_to(REPOSITORY)}:{line} imports {module}"
        for file in files
        for line, module in _imports(file)
        if module.split(".")[0] == other
    ]

    assert files
    assert wrong == []
