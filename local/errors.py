"""The errors of local/: their text says what failed, where, and what to do."""


class LocalError(Exception):
    """A step of the bootstrap or of the local cloud failed."""


class NotStreamedError(LocalError):
    """The stack does not stream the token that a demonstration trades."""
