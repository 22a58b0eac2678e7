"""`ops comment`: put a stack's preview into the one comment on its pull request."""

from pathlib import Path
from typing import Annotated

import typer

from ops.errors import OpsError
from ops.github import WORKFLOW_LOGIN, GitHub
from ops.sections import COMMENT_CHARACTERS, is_preview_comment, put_section


def comment(
    file: Annotated[Path, typer.Argument(help="Markdown that `ops preview` wrote.", exists=True)],
    *,
    section: Annotated[str, typer.Option(help="Stack whose section this is.")],
    pull_request: Annotated[int, typer.Option(help="Its number.")],
    commit: Annotated[str, typer.Option(help="Head commit that was previewed.")],
    log_url: Annotated[str, typer.Option(help="Where the whole output is.")],
    api_url: Annotated[str, typer.Option(envvar="GITHUB_API_URL", help="GitHub's REST API.")],
    repository: Annotated[str, typer.Option(envvar="GITHUB_REPOSITORY", help="owner/name.")],
    token: Annotated[str, typer.Option(envvar="GITHUB_TOKEN", help="May write comments.")],
) -> None:
    """Put a preview into the pull request's comment. The first preview creates the comment."""
    with GitHub(api_url, repository, token) as github:
        ours = (
            comment
            for comment in github.comments(pull_request)
            if comment.author == WORKFLOW_LOGIN and is_preview_comment(comment.body)
        )
        current = next(ours, None)
        body = put_section(
            current.body if current else "",
            name=section,
            commit=commit,
            text=file.read_text(),
            log_url=log_url,
        )
        if len(body) > COMMENT_CHARACTERS:
            raise OpsError(
                f"The comment would have {len(body):,} characters; GitHub takes "
                f"{COMMENT_CHARACTERS:,}. Lower REPORT_BYTES in ops/report.py."
            )
        if current:
            typer.echo(github.change_comment(current.id, body))
        else:
            typer.echo(github.add_comment(pull_request, body))
