"""`release`: `prepare` names a version in a pull request, `publish` tags it once that is merged."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from ops.errors import OpsError
from ops.github import GitHub
from ops.release.changelog import name_unreleased, newest_version
from ops.release.versions import CHANGELOG, require_version, set_version
from workspace.paths import REPOSITORY

RootOption = Annotated[
    Path, typer.Option("--root", help="The repository.", show_default="this one")
]

app: Final = typer.Typer(no_args_is_help=True, help="Name a version, and publish it.")


@app.command()
def prepare(
    version: Annotated[str, typer.Argument(help="1.2.3, above the newest in CHANGELOG.md.")],
    root: RootOption = REPOSITORY,
) -> None:
    """Give what is unreleased a version, in CHANGELOG.md and in both packages. Commit it then."""
    changelog = root / CHANGELOG
    named = name_unreleased(changelog.read_text(), version, datetime.now(UTC).date())
    set_version(root, version)
    changelog.write_text(named)
    typer.echo(
        f"{version}: commit it, and merge it into main; the workflow `release` does the rest."
    )


@app.command()
def publish(
    *,
    commit: Annotated[str, typer.Option("--commit", help="The commit that is tagged.")],
    root: RootOption = REPOSITORY,
    api_url: Annotated[str, typer.Option(envvar="GITHUB_API_URL", help="GitHub's REST API.")],
    repository: Annotated[str, typer.Option(envvar="GITHUB_REPOSITORY", help="owner/name.")],
    token: Annotated[str, typer.Option(envvar="GITHUB_TOKEN", help="May write contents.")],
) -> None:
    """Tag the newest version of CHANGELOG.md and make its release. One that is there stays as it is."""
    with GitHub(api_url, repository, token, needs="contents: write") as github:
        typer.echo(publish_by(github, root, commit=commit))


def publish_by(github: GitHub, root: Path, *, commit: str) -> str:
    """The same; what was done. Raises OpsError."""
    newest = newest_version((root / CHANGELOG).read_text())
    if newest is None:
        return "CHANGELOG.md has no version yet."
    tag = f"v{newest.version}"
    if url := github.release(tag):
        return f"{tag} is released already: {url}"
    require_version(root, newest.version)
    if not newest.notes:
        raise OpsError(f"CHANGELOG.md says nothing of {newest.version}.")
    return github.add_release(tag, commit=commit, notes=newest.notes)
