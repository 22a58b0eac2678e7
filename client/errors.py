"""The errors of this package. The class says whether trying again helps.

ClientError
├── Refused        no: the stack does not accept the token, the request or the client
└── Unreachable    yes: a connection, a discovery or a read failed, or a connection ended
"""

# ruff: noqa: N818  "Error" at the end of each name would add nothing.

from typing import Final

FINAL_CODES: Final = frozenset(
    {
        *("BAD_REQUEST", "FORBIDDEN_TOKEN", "TOO_MANY_TOKENS", "UNKNOWN_PATH", "UNKNOWN_TOKEN"),
        "UNAUTHORIZED",  # after the app has been asked for another pass (access.py)
    }
)
"""The stack's own errors that trying again does not mend. What a gateway answers has no such code."""

UNSUPPORTED: Final = "UNSUPPORTED"
"""The code of a stack that is too old for feeds."""
POLICY: Final = "POLICY"
"""The code of a socket that the stack closed for good."""


class ClientError(Exception):
    """Base class; the text says what failed, and where."""


class Refused(ClientError):
    """The stack refuses, and would refuse the same request again. `code` says why, for programs."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code


class Unreachable(ClientError):
    """It failed this time and may work later. `status` is HTTP's, where there was an answer."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status
