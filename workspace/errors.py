"""The base of all errors of `workspace/`, `local/` and `ops/`."""


class WorkspaceError(Exception):
    """A tool is missing, or a command failed. The text says what, where, and what to do."""
