"""The commands of `python -m ops`. Each has its own module."""

import sys
from typing import Final

import typer

from ops.backfill.command import backfill
from ops.candles import app as candles
from ops.comment import comment
from ops.cost.command import cost
from ops.deploy.command import deploy
from ops.drift.command import drift, drift_issue
from ops.load.command import load
from ops.preview import preview
from ops.redrive import redrive
from ops.release.command import app as release
from ops.replay.command import replay
from ops.rollback.command import rollback
from ops.rotate.command import rotate_secret
from ops.status.command import status
from ops.tail.command import tail
from ops.token import token
from ops.trace.command import trace
from ops.verify.command import verify
from ops.watch import watch
from workspace.errors import WorkspaceError

app: Final = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks print local variables, secrets among them
    help="Commands against a deployed stack, and for the pull requests that change it.",
)
app.command()(preview)
app.command()(comment)
app.command()(redrive)
app.command()(backfill)
app.command()(watch)
app.command()(verify)
app.command()(status)
app.command()(tail)
app.command()(trace)
app.command()(replay)
app.command()(load)
app.command()(rollback)
app.command()(rotate_secret)
app.command()(deploy)
app.command()(drift)
app.command()(drift_issue)
app.command()(token)
app.command()(cost)
app.add_typer(candles, name="candles")
app.add_typer(release, name="release")


def main() -> None:
    """Run a command. An error is printed as a sentence, without a traceback."""
    try:
        app()
    except WorkspaceError as error:
        typer.secho(str(error), fg="red", err=True)
        sys.exit(1)
