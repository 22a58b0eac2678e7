"""The one error of ops/, whose text says what failed, where, and what to do; and how commands end."""

from typing import Final

from workspace.errors import WorkspaceError

NOT_WELL: Final = 3
"""Exit code of a command that did what it was asked, and found or left something that is not well. 1 is
an error, 2 a wrong option."""


class OpsError(WorkspaceError):
    """A command could not do what it was asked."""
