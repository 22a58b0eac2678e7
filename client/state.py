"""What a subscription is doing, for those who show it."""

from dataclasses import dataclass
from typing import Literal

StateName = Literal["connecting", "live", "moving", "waiting", "polling", "closed"]


@dataclass(frozen=True, slots=True)
class State:
    """`path` is that of the newest connection, None before the first; `reason` is for people.

    - connecting: a connection is being opened, and none serves
    - live: a connection serves
    - moving: one serves, and another one is being opened to take over
    - waiting: between two tries, and none serves
    - polling: no path can be reached; prices are read from the REST API while tries go on
    - closed: it is over
    """

    state: StateName
    path: str | None
    reason: str
