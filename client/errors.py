"""What goes wrong between a client and a stack. The class says whether trying again helps.

ClientError
├── Refused        no: the token, the request or the client itself is not wanted; ends a subscription
├── Unreachable    yes: a connection, a discovery or a read failed, or came to its end
└── Redirected     yes, elsewhere: the path says that another one serves the token
"""

# ruff: noqa: N818  The names say what happened; "Error" behind each says nothing more.

from client.paths import Route


class ClientError(Exception):
    """Base of the errors of this package; its text says what failed, and where."""


class Refused(ClientError):
    """The same request would be refused again."""


class Unreachable(ClientError):
    """It did not work this time."""


class Redirected(ClientError):
    """The token is served at `route`."""

    def __init__(self, route: Route) -> None:
        super().__init__(f"the token is served on path {route.path.name}")
        self.route = route
