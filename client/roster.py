"""What a socket of many tokens is asked for, and what it has answered. Pure.

Each token has one command under way at most: on AWS each message is its own invocation, and a second
command about a token could overtake the first.
"""

from dataclasses import dataclass

from .paths import Delivery


@dataclass
class _Seat:
    """The delivery that is wanted, that the server has confirmed, and that it was asked for; None: none."""

    wanted: Delivery | None = None
    served: Delivery | None = None
    asked: Delivery | None = None
    is_asked: bool = False
    """Whether it has not answered yet."""

    @property
    def is_empty(self) -> bool:
        return self.wanted is None and self.served is None and not self.is_asked


@dataclass(frozen=True)
class Due:
    """The tokens to subscribe and to unsubscribe now."""

    joining: list[str]
    leaving: list[str]


class Roster:
    def __init__(self) -> None:
        self._seats: dict[str, _Seat] = {}

    def __len__(self) -> int:
        """How many tokens the server may count."""
        return len(self._seats)

    def want(self, token: str, delivery: Delivery | None) -> None:
        """None: the token is to be left."""
        seat = self._seats.setdefault(token, _Seat())
        seat.wanted = delivery
        self._clear(token, seat)

    def take_due(self) -> Due:
        """What is due counts as asked."""
        due = Due([], [])
        for token, seat in self._seats.items():
            if not seat.is_asked and seat.wanted != seat.served:
                seat.asked, seat.is_asked = seat.wanted, True
                (due.leaving if seat.wanted is None else due.joining).append(token)
        return due

    def confirm(self, token: str, *, is_served: bool) -> None:
        """The server did as it was asked. What it says unasked changes nothing."""
        seat = self._seats.get(token)
        if seat is None or not seat.is_asked or is_served == (seat.asked is None):
            return
        seat.served, seat.is_asked = seat.asked, False
        self._clear(token, seat)

    def drop(self, token: str) -> None:
        """The server does not serve the token, whatever it was asked."""
        self._seats.pop(token, None)

    def _clear(self, token: str, seat: _Seat) -> None:
        if seat.is_empty:
            del self._seats[token]
