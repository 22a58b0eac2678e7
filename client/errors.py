"""The errors of this package. The class says whether trying again helps.

ClientError
├── Refused        no: the stack does not accept the token, the request or the client; ends a subscription
├── Unreachable    yes: a connection, a discovery or a read failed, or a connection ended
└── Redirected     yes, at another route: the other path serves the token
"""

# ruff: noqa: N818  "Error" at the end of each name would add nothing.

from typing import Final

from client.paths import Route

FINAL_CODES: Final = frozenset({"BAD_REQUEST", "TOO_MANY_TOKENS", "UNKNOWN_PATH", "UNKNOWN_TOKEN"})
"""The stack's own errors that trying again does not mend. What a gateway answers has no such code."""


class ClientError(Exception):
    """Base class; the text says what failed, and where."""


class Refused(ClientError):
    """The stack refuses, and would refuse the same request again."""


class Unreachable(ClientError):
    """It failed this time and may work later."""


class Redirected(ClientError):
    """The token is served at `route` now; None: on a path that only the stack can describe."""

    def __init__(self, path: str, route: Route | None) -> None:
        super().__init__(f"the token is served on path {path}")
        self.route = route
