"""The table of commands; each is a module of its own."""

import sys
from typing import Final

import typer
from rich.console import Console

from ops.errors import OpsError
from ops.redrive import redrive

app: Final = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
app.command()(redrive)


@app.callback()
def commands() -> None:
    """Commands against a deployed stack. Each says what it did; what failed ends with status 1."""


def main() -> None:
    """Run a command; what failed is said in words, without a traceback."""
    try:
        app()
    except OpsError as error:
        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False)
        sys.exit(1)
