"""The commands of `python -m ops`; each is a module of its own."""

import sys
from typing import Final

import typer

from local.errors import LocalError
from ops.comment import comment
from ops.errors import OpsError
from ops.preview import preview
from ops.redrive import redrive
from ops.watch import watch

app: Final = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks print local variables, secrets among them
    help="Commands against a deployed stack, and for the pull requests that change it.",
)
app.command()(preview)
app.command()(comment)
app.command()(redrive)
app.command()(watch)


def main() -> None:
    """Run a command; what failed is said in words, without a traceback."""
    try:
        app()
    except (LocalError, OpsError) as error:
        typer.secho(str(error), fg="red", err=True)
        sys.exit(1)
