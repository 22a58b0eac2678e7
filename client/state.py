"""The state of a subscription or a feed, for apps that show it."""

from dataclasses import dataclass
from typing import Literal

StateName = Literal["connecting", "live", "moving", "waiting", "polling", "closed", "idle"]


@dataclass(frozen=True, slots=True)
class State:
    """`path` is that of the connection that delivers, else of the newest one, None before the first.

    `reason` is for people.

    - connecting: a connection is being opened, and no other delivers
    - live: a connection delivers
    - moving: a connection delivers, and another one is being opened to replace it
    - waiting: no connection delivers; the next try comes after a wait
    - polling: no path can be reached; prices are read by REST, and connecting is tried again
    - closed: the subscription, or the feed, has ended
    - idle: of a feed without tokens

    A feed is as its worst token is, in the order live, moving, polling, connecting, waiting; `path` is
    the one that all tokens are on, None if they are on several.
    """

    state: StateName
    path: str | None
    reason: str
