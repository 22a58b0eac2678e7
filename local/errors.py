"""The errors of local/: their text says what failed, where, and what to do."""

from workspace.errors import WorkspaceError


class LocalError(WorkspaceError):
    """A step of the local cloud failed."""


class NotStreamedError(LocalError):
    """The stack does not stream the token that a demonstration trades."""
