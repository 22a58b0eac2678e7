"""The one error of local/: its text says what failed, where, and what to do."""


class LocalError(Exception):
    """A step of the bootstrap or of the local cloud failed."""
