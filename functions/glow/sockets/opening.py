"""What a new subscriber is told first: that it is subscribed, then a price or a replay."""

from collections.abc import Sequence

from functions.glow.prices.replay import replay
from functions.glow.prices.table import PriceTable
from functions.glow.sockets import messages
from functions.glow.sockets.commands import Subscribe
from functions.glow.sockets.frames import frames


def opening(prices: PriceTable, command: Subscribe, *, now: float) -> Sequence[str]:
    """The messages, in order. `delivery=latest` wants no history: it gets the newest price."""
    told = [messages.subscribed(command.token)]
    if command.after is None or command.delivery == "latest":
        newest = prices.newest(command.token, now=now)
        return told if newest is None else [*told, newest.to_json()]
    missed = replay(prices, command.token, command.after, now=now)
    if missed.gap is not None:
        told.append(messages.gap(command.token, missed.gap))
    return [*told, *frames(missed.updates)]
