"""The core needs nothing but the standard library, so a cold start pays for nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent.parent
CORE = REPOSITORY / "functions" / "glow"
ABSENT = ("boto3", "botocore", "httptools", "httpx", "uvloop")

IMPORT_WITH_PACKAGES_ABSENT = """
import importlib, sys
for name in {absent!r}:
    sys.modules[name] = None  # an import of it raises ModuleNotFoundError
importlib.import_module({module!r})
"""


def _modules() -> list[str]:
    """Every module of the core, in its rooms, by its dotted name."""
    paths = [path.relative_to(REPOSITORY).with_suffix("") for path in CORE.rglob("*.py")]
    return sorted(".".join(path.parts).removesuffix(".__init__") for path in paths)


@pytest.mark.parametrize("module", _modules())
def test_core_module_imports_with_nothing_installed(module: str) -> None:
    program = IMPORT_WITH_PACKAGES_ABSENT.format(absent=ABSENT, module=module)

    run = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stderr
