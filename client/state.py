"""The state of a subscription, for apps that show it."""

from dataclasses import dataclass
from typing import Literal

StateName = Literal["connecting", "live", "moving", "waiting", "polling", "closed"]


@dataclass(frozen=True, slots=True)
class State:
    """`path` is that of the connection that delivers, else of the newest one, None before the first.

    `reason` is for people.

    - connecting: a connection is being opened, and no other delivers
    - live: a connection delivers
    - moving: a connection delivers, and another one is being opened to replace it
    - waiting: no connection delivers; the next try comes after a wait
    - polling: no path can be reached; prices are read by REST, and connecting is tried again
    - closed: the subscription has ended
    """

    state: StateName
    path: str | None
    reason: str
