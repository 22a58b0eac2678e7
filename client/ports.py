"""What a connection knows of others: where it leads, whom it carries, who keeps it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .access import Pass
from .errors import Refused
from .host import Host
from .messages import Moved
from .paths import Endpoint
from .receiver import Receiver
from .rest import RestApi

if TYPE_CHECKING:
    from .connection import Connection


@dataclass(frozen=True)
class Address:
    """Where a connection leads: with a pass, if one must be shown."""

    path: str
    endpoint: Endpoint
    access: Pass | None

    @property
    def names_token(self) -> bool:
        """Whether the URL names the one token; otherwise messages name many."""
        return self.endpoint.protocol.subscribe is None


class Rider(Protocol):
    """A token on a connection."""

    token: str
    receiver: Receiver

    @property
    def moved_after(self) -> str | None:
        """The cursor of its last move, for a client that has none."""
        ...

    def on_serving(self, connection: "Connection") -> None: ...

    def on_moved(self, connection: "Connection", moved: Moved) -> None: ...

    def on_unavailable(self, connection: "Connection", reason: str) -> None:
        """The connection goes on, but cannot serve this token."""
        ...

    def on_end(self, connection: "Connection", reason: str) -> None: ...

    def on_refused(self, refusal: Refused) -> None:
        """Trying again does not help."""
        ...


class Keeper(Protocol):
    """Keeps the connections."""

    host: Host
    rest: RestApi

    def note_service(self, connection: "Connection") -> None:
        """Called once, when the server serves a token."""
        ...

    def note_end(self, connection: "Connection", *, has_failed: bool) -> None:
        """Called once; it has failed if it ended before it served, though it was wanted."""
        ...
