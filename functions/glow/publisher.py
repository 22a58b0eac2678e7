"""What publishes stored updates: each path has its own, in `queues` and in `edge`."""

from collections.abc import Sequence
from typing import Protocol

from functions.glow.update import Update


class Publisher(Protocol):
    """A path to the clients."""

    def publish(self, updates: Sequence[Update]) -> None:
        """Hand over `updates`, each token's in order. Raises Unavailable if any was not taken."""
        ...
