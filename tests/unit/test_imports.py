"""What the modules of `functions/` may import: the rooms below their own, and nothing installed."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

REPOSITORY: Final = Path(__file__).parent.parent.parent
GLOW: Final = REPOSITORY / "functions" / "glow"

# The core is every module that lies directly in functions/glow/.
CORE: Final = "core"
# A room, and the rooms that it may import. The order is the way of a trade.
BELOW: Final[Mapping[str, frozenset[str]]] = {
    "quotes": frozenset(
        {"trades", "routing", "sockets", "edge", "prices", "queues", CORE, "runtime"}
    ),
    "holes": frozenset({"trades", "chain", "prices", CORE}),
    "trades": frozenset(
        {"routing", "sockets", "edge", "chain", "prices", "queues", CORE, "runtime"}
    ),
    "routing": frozenset({"sockets", "edge", "prices", "queues", CORE, "runtime"}),
    "candles": frozenset({"prices", CORE, "runtime"}),
    "sockets": frozenset({"prices", "queues", "listeners", CORE, "runtime"}),
    "edge": frozenset({"prices", "queues", CORE, "runtime"}),
    "chain": frozenset({CORE, "runtime"}),
    "prices": frozenset({CORE, "runtime"}),
    "queues": frozenset({CORE, "runtime"}),
    "listeners": frozenset({CORE, "runtime"}),
    CORE: frozenset(),
    "runtime": frozenset(
        {
            "functions.glow.errors",
            "functions.glow.log",
            "functions.glow.metrics",
            "functions.glow.origin",
        }
    ),
}

# boto3 and what the dependency layer brings.
ABSENT: Final = ("boto3", "botocore", "cryptography", "httptools", "jwt", "uvloop")

IMPORT_WITH_PACKAGES_ABSENT: Final = """
import importlib, sys
for name in {absent!r}:
    sys.modules[name] = None  # an import of it raises ModuleNotFoundError
importlib.import_module({module!r})
"""


def modules(paths: Iterator[Path]) -> Mapping[str, Path]:
    """Files by the dotted names under which they are imported."""
    names = {".".join(path.relative_to(REPOSITORY).with_suffix("").parts): path for path in paths}
    return {name.removesuffix(".__init__"): names[name] for name in sorted(names)}


FUNCTIONS: Final = modules(GLOW.parent.rglob("*.py"))
MODULES: Final = modules(GLOW.rglob("*.py"))
HANDLERS: Final = FUNCTIONS.keys() - MODULES.keys() - {"functions", "functions.environment"}


def room_of(module: str) -> str:
    """The room of a module of functions/glow/; any other module of functions/ is its own."""
    parts = module.split(".")
    if parts[:2] != ["functions", "glow"]:
        return module
    is_in_a_folder = len(parts) > 2 and (GLOW / parts[2]).is_dir()
    return parts[2] if is_in_a_folder else CORE


def own_imports(module: str) -> Iterator[str]:
    """The modules of functions/ that `module` imports."""
    found = imports(FUNCTIONS[module])
    return (imported for imported in found if imported.split(".")[0] == "functions")


def imports(path: Path) -> Iterator[str]:
    """Every module that the file imports, also inside a function or for types alone."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import; write the whole name"
            # `from functions.glow import log` imports a module; `from functions.glow.log import info`
            # imports a name, and so the module before it.
            package = str(node.module)
            yield from (
                imported if (imported := f"{package}.{alias.name}") in FUNCTIONS else package
                for alias in node.names
            )


@pytest.mark.parametrize("module", MODULES)
def test_module_imports_only_the_rooms_below_its_own(module: str) -> None:
    room = room_of(module)
    assert room in BELOW, f"functions/glow/{room} is a new room: say in BELOW what it may import"
    for imported in own_imports(module):
        target = room_of(imported)
        if target == room or {target, imported} & BELOW[room]:
            continue
        allowed = ", ".join(sorted(BELOW[room])) or "no other room"
        pytest.fail(
            f"{module} imports {imported}, which is in {target}."
            f" A module of {room} may import: its own room, {allowed}.",
            pytrace=False,
        )


@pytest.mark.parametrize("module", MODULES)
def test_environment_is_read_by_the_handlers_alone(module: str) -> None:
    assert "os" not in imports(MODULES[module])


@pytest.mark.parametrize("handler", sorted(HANDLERS))
def test_handler_imports_no_other_handler(handler: str) -> None:
    for imported in own_imports(handler):
        assert imported not in HANDLERS, f"{handler} imports {imported}, another handler"


@pytest.mark.parametrize("module", MODULES)
def test_core_module_imports_with_nothing_installed(module: str) -> None:
    """A cold start pays for no package that the function does not use."""
    program = IMPORT_WITH_PACKAGES_ABSENT.format(absent=ABSENT, module=module)

    run = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stderr
