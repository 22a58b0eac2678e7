"""`drift`: compares a stack's state with its clouds. `drift-issue`: tells it in an issue."""

from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from ops.drift.finding import Drift
from ops.drift.issue import settle
from ops.errors import NOT_WELL
from ops.github import GitHub
from ops.preview import run_preview
from workspace.stack import stack_named

# It changes nothing, in the clouds or in the state, and what is not deployed yet is no drift.
REFRESH: Final = ("refresh", "--preview-only", "--diff", "--non-interactive", "--color", "never")


def drift(
    stack: Annotated[str, typer.Option("--stack", help="The stack: dev, prod, local ...")],
    out: Annotated[
        Path | None, typer.Option("--out", help="File for `drift-issue`, in JSON.")
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what the file holds; all else goes to stderr.")
    ] = False,
) -> None:
    """Look for what was changed or deleted by hand since the last deployment. It changes nothing.

    Exit code 0 also where there is drift: the issue tells of it. 3: the look itself failed.
    """
    say = partial(typer.echo, err=as_json)
    done = run_preview(stack_named(stack, say), say, command=REFRESH)
    found = Drift.of(stack, done)
    if out is not None:
        out.write_text(found.model_dump_json())
    typer.echo(found.model_dump_json() if as_json else found.report.splitlines()[0])
    if found.state == "failed":
        raise typer.Exit(NOT_WELL)


def drift_issue(
    file: Annotated[Path, typer.Argument(help="What `ops drift` wrote.", exists=True)],
    *,
    log_url: Annotated[str, typer.Option("--log-url", help="Where the whole output is.")],
    api_url: Annotated[str, typer.Option(envvar="GITHUB_API_URL", help="GitHub's REST API.")],
    repository: Annotated[str, typer.Option(envvar="GITHUB_REPOSITORY", help="owner/name.")],
    token: Annotated[str, typer.Option(envvar="GITHUB_TOKEN", help="May write issues.")],
) -> None:
    """Open the stack's one issue on drift, bring it up to date, or close it when the drift is gone."""
    found = Drift.model_validate_json(file.read_text())
    with GitHub(api_url, repository, token, needs="issues: write") as github:
        typer.echo(settle(github, found, log_url=log_url))
