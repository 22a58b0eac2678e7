"""A token of a feed, and all who follow it: they share what its router brings."""

from dataclasses import replace
from typing import Protocol

from .connections import Connections
from .discovery import Discovery
from .errors import Refused
from .follower import Follower
from .receiver import Receiver, Wishes
from .router import Router
from .scope import Scope
from .state import State, StateName
from .update import Price, Update


class Owner(Protocol):
    """The feed."""

    connections: Connections
    discovery: Discovery

    def look(self) -> None:
        """Called with each change of state."""
        ...

    def forget(self, stream: "Stream") -> None:
        """The token is not followed any more."""
        ...

    def warn(self, token: str, reason: str) -> None: ...


class Stream:
    def __init__(self, token: str, owner: Owner) -> None:
        connections = owner.connections
        self.token = token
        self.state = State("connecting", None, "")
        self.newest: Update | None = None
        self._owner = owner
        self._scope = Scope(connections.host)
        self._wishes = Wishes()
        self._followers: list[Follower] = []
        receiver = Receiver(
            token,
            connections.rest,
            self._wishes,
            self._scope,
            take=self._take,
            skip=lambda reason: self._tell(replace(self.state, reason=reason)),
            wait_for_room=connections.wait_for_room,
        )
        self._router = Router(token, receiver, connections, owner.discovery, self)

    def add(self, follower: Follower) -> None:
        """Take one more. It is told nothing before the app has got it."""
        wishes = follower.wishes
        self._followers.append(follower)
        self._wishes.max_fill = max(self._wishes.max_fill, wishes.max_fill)
        if wishes.delivery == "all" and self._wishes.delivery == "latest":
            self._wishes.delivery = "all"
            self._router.wish_again()
        self._scope.later(0.0, follower.begin)

    def remove(self, follower: Follower) -> None:
        if follower in self._followers:
            self._followers.remove(follower)

        # Not at once: an app that draws its list anew leaves a token and follows it again.
        def end_if_unwanted() -> None:
            if not self._followers:
                self.end("", None)

        self._scope.later(0.0, end_if_unwanted)

    def wake(self) -> None:
        self._router.wake()

    def end(self, reason: str, error: Exception | None) -> None:
        self._scope.end()
        self._router.close()
        self._owner.forget(self)  # first, because a follower that hears of it may subscribe again
        for follower in [*self._followers]:
            follower.end(reason, error)

    # What the router tells

    def show(self, state: StateName, path: str | None, reason: str) -> None:
        shown = State(state, path or self.state.path, reason)
        if (shown.state, shown.path) != (self.state.state, self.state.path):
            self._tell(shown)
        else:
            self.state = shown

    def on_lasting(self, reason: str) -> None:
        """Log what lasts, if the app has not asked to be told."""
        if not any(follower.wishes.hears_states for follower in self._followers):
            self._owner.warn(self.token, reason)

    def on_refused(self, refusal: Refused) -> None:
        if all(follower.wishes.on_error is None for follower in self._followers):
            self.on_lasting(str(refusal))
        self.end(str(refusal), refusal)

    def _take(self, price: Price) -> None:
        if not price.is_late:
            self.newest = price.update
        for follower in [*self._followers]:
            follower.take(price)

    def _tell(self, state: State) -> None:
        self.state = state
        for follower in [*self._followers]:
            follower.show(state)
        self._owner.look()
