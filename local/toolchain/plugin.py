"""Gets the real Pulumi plugin for Cloudflare, which `PROVIDERS=real` uses."""

import os
from importlib import metadata

from workspace.paths import REPOSITORY
from workspace.pulumi import Note, run_pulumi, with_tools


def ensure_cloudflare_plugin(note: Note) -> None:
    """Install the version that the SDK belongs to, unless it is there. Raises WorkspaceError."""
    version = metadata.version("pulumi-cloudflare")
    run_pulumi(
        ["plugin", "install", "resource", "cloudflare", version],
        cwd=REPOSITORY,
        environment=with_tools(os.environ, note),
        note=note,
    )
