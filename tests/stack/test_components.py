"""Rules of style that hold in every component."""

import ast
from pathlib import Path

import pytest

from tests.stack.recording import ROOT

COMPONENTS = ROOT / "components"
FILES = sorted(set(COMPONENTS.rglob("*.py")) - set((COMPONENTS / "settings").rglob("*.py")))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(COMPONENTS)))
def test_component_reads_neither_config_nor_environment(path: Path) -> None:
    names = {
        ast.unparse(node)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute | ast.Name)
    }

    forbidden = {"pulumi.Config", "pulumi.runtime.config", "os.environ", "os.getenv"}
    assert not names & forbidden
