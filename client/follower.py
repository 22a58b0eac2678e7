"""What `Feed.subscribe` returns: it calls the app with the prices and states of one token."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from .errors import ClientError
from .host import tell
from .paths import Delivery
from .state import State
from .update import Price, Update


@dataclass(frozen=True, kw_only=True)
class Follow:
    """How an app follows a token."""

    delivery: Delivery
    max_fill: int
    on_price: Callable[[Price], object]
    on_state: Callable[[State], object] | None
    on_error: Callable[[ClientError], object] | None
    hears_states: bool
    """Whether the app does: a chart and a loop listen for themselves."""


class Source(Protocol):
    """The stream of a token."""

    token: str
    state: State
    newest: Update | None

    def remove(self, follower: "Follower") -> None: ...


class Follower:
    """A token of a feed, followed until `close()`. Made by `Feed.subscribe`."""

    def __init__(self, wishes: Follow, source: Source) -> None:
        self.wishes = wishes
        self._source = source
        # Joining: the app has not been told yet what is known.
        self._stage: Literal["joining", "following", "closed"] = "joining"
        self._state = source.state

    @property
    def token(self) -> str:
        return self._source.token

    @property
    def state(self) -> State:
        """The current state."""
        return self._state

    @property
    def newest(self) -> Update | None:
        """The newest price; None if none has come yet."""
        return self._source.newest

    def close(self) -> None:
        """End this subscription. None of its functions is called after the state `closed`."""
        self.end("closed", None)
        self._source.remove(self)

    def begin(self) -> None:
        """Begin to listen, with what is known."""
        if self._stage != "joining":
            return
        self._stage = "following"
        if self._source.state.path is not None or self._source.state.state != "connecting":
            self.show(self._source.state)
        if self._source.newest is not None:
            self.take(Price(self._source.newest, is_late=False))

    def take(self, price: Price) -> None:
        is_wanted = not price.is_late or self.wishes.delivery == "all"
        if self._stage == "following" and is_wanted:
            tell(self.wishes.on_price, price)

    def show(self, state: State) -> None:
        self._state = state
        if self._stage == "following":
            tell(self.wishes.on_state, state)

    def end(self, reason: str, error: Exception | None) -> None:
        """Tell the last things."""
        if self._stage == "closed":
            return
        self._stage = "following"
        if error is not None:
            tell(self.wishes.on_error, error)
        self.show(State("closed", self._state.path, reason))
        self._stage = "closed"
