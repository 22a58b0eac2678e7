"""The one error of local/: its text says what failed, where, and what to do."""

from workspace.errors import WorkspaceError


class LocalError(WorkspaceError):
    """A step of the local cloud failed."""
