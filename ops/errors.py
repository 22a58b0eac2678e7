"""The one error of ops/: its text says what failed, where, and what to do."""


class OpsError(Exception):
    """A command could not do what it was asked."""
