"""Users copy the library, so it needs httpx and websockets but nothing else of this repository."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent.parent

IMPORT_WITH_THE_REST_ABSENT = """
import sys
for name in ("components", "functions", "local", "ops", "boto3", "pulumi", "pydantic", "typer"):
    sys.modules[name] = None  # an import of it raises ModuleNotFoundError
import client
"""


def test_client_imports_with_nothing_else_of_the_repository() -> None:
    run = subprocess.run(
        [sys.executable, "-c", IMPORT_WITH_THE_REST_ABSENT],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
