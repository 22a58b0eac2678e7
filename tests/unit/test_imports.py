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


@pytest.mark.parametrize("module", sorted(path.stem for path in CORE.glob("*.py")))
def test_core_module_imports_with_nothing_installed(module: str) -> None:
    name = "functions.glow" if module == "__init__" else f"functions.glow.{module}"
    program = IMPORT_WITH_PACKAGES_ABSENT.format(absent=ABSENT, module=name)

    run = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stderr
