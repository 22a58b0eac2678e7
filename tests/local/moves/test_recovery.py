"""Clients that speak the wire by hand: what a cursor is worth on the other path, and how long one that
ignores MOVED is served."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from functions.glow.routing.policy import Policy
from tests.local.moves.mover import Mover
from tests.local.wire import Listener, Listeners, Message, Wire, a_trade

TOKEN: Final = "RAW"
NEW_ROOM: Final = "NEWROOM"
"""Traded on AWS alone until it comes to the edge."""
STAYS: Final = "STAYS"
"""Of AWS throughout."""

ALL_AT_EDGE: Final = Policy(edge_is_on=True)
ALL_ON_AWS: Final = Policy(edge_is_on=False)
MOST_AT_EDGE: Final = Policy(
    edge_is_on=True, edge_percent=0, edge_tokens=frozenset({TOKEN, NEW_ROOM})
)

Send = Callable[[str], str]


@pytest.fixture
def send(wire: Wire) -> Send:
    """Sends a trade of a token; its signature."""

    def send(token: str) -> str:
        trade = a_trade()
        wire.send(trade, token=token)
        return str(trade["txSignature"])

    return send


@pytest.fixture(scope="module")
def known_to_the_room(wire: Wire, mover: Mover) -> str:
    """The id of a trade that came while the token was of the edge."""
    mover.move(ALL_AT_EDGE)
    wire.send(a_trade(), token=TOKEN)
    return str(wire.get(f"/tokens/{TOKEN}/price").json()["id"])


@pytest.mark.timeout(300)
async def test_token_that_leaves_the_edge(
    wire: Wire,
    edge_url: str,
    mover: Mover,
    listeners: Listeners,
    send: Send,
    known_to_the_room: str,
) -> None:
    stubborn = await listeners.at_edge(edge_url, TOKEN)
    before = send(TOKEN)
    await _id_of(stubborn, before)

    await asyncio.to_thread(mover.move, ALL_ON_AWS)

    on_aws = await listeners.subscribed(TOKEN, after=known_to_the_room)
    meanwhile = send(TOKEN)  # in the grace, so on both paths
    await _catch_up(on_aws, wire, {before, meanwhile})
    assert _gaps(on_aws) == []
    at_edge = await listeners.at_edge(edge_url, TOKEN, after=await _id_of(on_aws, before))
    await _catch_up(at_edge, wire, {meanwhile})
    assert _gaps(at_edge) == []

    closes = await asyncio.gather(stubborn.hear_close(), at_edge.hear_close())
    assert closes == [4009, 4009]
    assert (await stubborn.hear_type("MOVED"))["url"] == wire.websocket_url
    assert {before, meanwhile} <= set(stubborn.signatures())

    late = await listeners.at_edge(edge_url, TOKEN)
    assert (await late.hear_type("MOVED"))["jitterMs"] == 0
    assert await late.hear_close() == 4009


@pytest.mark.timeout(300)
async def test_token_that_comes_to_the_edge(
    wire: Wire,
    edge_url: str,
    mover: Mover,
    listeners: Listeners,
    send: Send,
    known_to_the_room: str,
) -> None:
    await asyncio.to_thread(mover.move, ALL_ON_AWS)
    stubborn = await listeners.subscribed(TOKEN)
    half = await listeners.subscribed(TOKEN)
    await half.subscribe(STAYS)
    other = await listeners.subscribed(NEW_ROOM)
    first_of_new = await _id_of(other, send(NEW_ROOM))
    missed, missed_of_new = send(TOKEN), send(NEW_ROOM)
    newest = await _id_of(stubborn, missed)

    await asyncio.to_thread(mover.move, MOST_AT_EDGE)

    in_room_with_a_hole = await listeners.at_edge(edge_url, TOKEN, after=known_to_the_room)
    await _catch_up(in_room_with_a_hole, wire, {missed})
    in_new_room = await listeners.at_edge(edge_url, NEW_ROOM, after=first_of_new)
    await _catch_up(in_new_room, wire, {missed_of_new}, token=NEW_ROOM)
    ahead_of_room = await listeners.at_edge(edge_url, TOKEN, after=newest)
    meanwhile = send(TOKEN)
    for raw in (stubborn, half, in_room_with_a_hole, ahead_of_room):
        await _catch_up(raw, wire, {meanwhile})

    await stubborn.hear_close()
    assert [message["path"] for message in _moves(stubborn)] == ["edge", "edge"]
    await half.hear(lambda heard: len(_moves(heard)) == 2, "MOVED again")
    await _id_of(half, send(STAYS))  # only the subscription is over

    late = await listeners.open()
    await late.say({"action": "subscribePrice", "token": TOKEN, "after": newest})
    moved = await late.hear_type("MOVED")
    assert (moved["path"], moved["after"], moved["jitterMs"]) == ("edge", newest, 0)
    assert [message["type"] for message in late.messages] == ["MOVED"]


async def _id_of(listener: Listener, signature: str) -> str:
    """The id of a trade, once it is heard."""
    update = await listener.hear_trade({"txSignature": signature})
    return str(update["id"])


async def _catch_up(
    listener: Listener, wire: Wire, signatures: set[str], *, token: str = TOKEN
) -> None:
    """Know these trades: heard, or read for a GAP. Who is not told of one would know of none."""

    def are_known(heard: Listener) -> bool:
        read = (price for gap in _gaps(heard) for price in _prices_in(gap, wire, token))
        return signatures <= {*heard.signatures(), *read}

    await listener.hear(are_known, f"{signatures}, or a GAP that they are in")


def _prices_in(gap: Message, wire: Wire, token: str) -> Iterator[str]:
    """What docs/clients.md has a client read."""
    begin = f"{int(gap['after'][:10]) - 60}-000000000000-0"
    until = "" if gap["until"] is None else f"&until={gap['until']}"
    page = wire.get(f"/tokens/{token}/prices?after={begin}{until}").json()
    return (price["txSignature"] for price in page["prices"])


def _gaps(listener: Listener) -> list[Message]:
    return [message for message in listener.messages if message["type"] == "GAP"]


def _moves(listener: Listener) -> list[Message]:
    return [message for message in listener.messages if message["type"] == "MOVED"]
