"""The one error of ops/: its text says what failed, where, and what to do."""

from workspace.errors import WorkspaceError


class OpsError(WorkspaceError):
    """A command could not do what it was asked."""
