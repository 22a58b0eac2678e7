"""`python -m ops …`: any Python will do, for the packages are those of `.venv`."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

VENV = Path(__file__).resolve().parent.parent / ".venv"


def main() -> None:
    """Run the command with the Python of `.venv`, or with this one where there is none."""
    python = VENV / "bin" / "python"
    if python.exists() and Path(sys.prefix).resolve() != VENV.resolve():
        os.execv(python, [str(python), "-m", "ops", *sys.argv[1:]])  # noqa: S606  no shell
    if find_spec("typer") is None:
        sys.exit("The packages of glow are not installed. Install them: make up")
    from ops.cli import main as run  # noqa: PLC0415  an import for the Python that has its packages

    run()


if __name__ == "__main__":
    main()
