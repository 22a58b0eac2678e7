"""The error behind those of `local/` and `ops/`: its text says what failed, where, and what to do."""


class WorkspaceError(Exception):
    """A tool is missing, or a command failed."""
