"""The rooms of components/ import one way: whoever changes a room knows who can notice."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.stack.recording import ROOT

# What each room may import, beside itself and other people's packages. `__main__.py` wires them all.
# Lower rooms stand first, so no room can need one below it.
MAY_IMPORT: Final = {
    "components.packaging": {"functions.environment"},
    "components.settings": {"functions.glow"},
    "components.aws": {"components.settings", "functions.glow"},
    "components.edge": {"components.packaging", "components.settings", "functions.environment"},
    "components.routing": {"components.aws", "functions.glow"},
    "components.helius": {"components.settings"},
    "components.pipeline": {
        *("components.aws", "components.edge", "components.routing", "components.settings"),
        *("functions.environment", "functions.glow"),
    },
}
FILES: Final = sorted((ROOT / "components").rglob("*.py"))
OWN: Final = {path.name for path in ROOT.iterdir() if path.is_dir()}


def _room(module: str) -> str:
    """`components.aws` of `components.aws.table`, `functions.glow` of `functions.glow.token`."""
    return ".".join(module.split(".")[:2])


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and module of each import; `from functions import environment` is one of the latter."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            assert node.level == 0, "an import from here is written in full"
            for alias in node.names:
                inner = ROOT.joinpath(*node.module.split("."), alias.name)
                is_module = inner.is_dir() or inner.with_suffix(".py").exists()
                yield node.lineno, f"{node.module}.{alias.name}" if is_module else node.module


def _wrong_way(path: Path, text: str) -> list[str]:
    room = _room(_module(path))
    allowed = MAY_IMPORT.get(room, set()) | {room}
    return [
        f"{path.relative_to(ROOT)}:{line} imports {module}, but {room} may import only"
        f" {', '.join(sorted(allowed))}"
        for line, module in _imports(ast.parse(text))
        if module.split(".")[0] in OWN and _room(module) not in allowed
    ]


@pytest.mark.parametrize("path", FILES, ids=_module)
def test_room_imports_only_rooms_below_it(path: Path) -> None:
    wrong = _wrong_way(path, path.read_text())

    assert not wrong, "\n".join(wrong)


def test_directions_have_no_circle() -> None:
    below: set[str] = set()
    for room, imports in MAY_IMPORT.items():
        assert {name for name in imports if name.startswith("components.")} <= below, room
        below.add(room)


def test_every_room_has_its_direction() -> None:
    assert {_room(_module(path)) for path in FILES} - {"components"} == MAY_IMPORT.keys()


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("aws/fifo_queue.py", "from components.routing.store import RouteStore"),
        ("aws/fifo_queue.py", "from components import routing"),
        ("aws/fifo_queue.py", "import components.pipeline.parts"),
        ("settings/model.py", "from functions import environment"),
        ("routing/control.py", "from components.pipeline.functions import webhook"),
        ("edge/broadcast.py", "def later():\n    from ops.redrive import LANES"),
        ("packaging.py", "from components.settings.load import load_settings"),
    ],
)
def test_import_the_wrong_way_is_found_wherever_it_stands(file: str, line: str) -> None:
    assert _wrong_way(ROOT / "components" / file, line)
