"""The errors of this package. The class says whether trying again helps.

ClientError
├── Refused        no: the stack does not accept the token, the request or the client; ends a subscription
├── Unreachable    yes: a connection, a discovery or a read failed, or a connection ended
└── Redirected     yes, at another route: the other path serves the token
"""

# ruff: noqa: N818  "Error" at the end of each name would add nothing.

from client.paths import Route


class ClientError(Exception):
    """Base class; the text says what failed, and where."""


class Refused(ClientError):
    """The stack refuses, and would refuse the same request again."""


class Unreachable(ClientError):
    """It failed this time and may work later."""


class Redirected(ClientError):
    """The token is served at `route` now."""

    def __init__(self, route: Route) -> None:
        super().__init__(f"the token is served on path {route.path.name}")
        self.route = route
