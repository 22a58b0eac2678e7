"""The messages of LaterQueue, as they lie in it between a deploy and the next."""

import pytest

from functions.glow.errors import BadRequest
from functions.glow.prices.replay import Gap, Replay
from functions.glow.queues.later import parse_later
from functions.glow.sockets.catch_up import CatchUp, parse_catch_up, pause_after
from functions.glow.sockets.catching_up import unsent
from functions.glow.sockets.lag import MAX_FOUND, Lagging
from tests.functions.builders import NOW, updates_of

CATCH_UP = '{"kind":"catch_up","token":"SOL","connections":["L0SM9cOFvHcCIhw=","a"]}'


def test_message_is_written_as_it_is_read() -> None:
    catch_up = CatchUp("SOL", ["L0SM9cOFvHcCIhw=", "a"])

    assert catch_up.to_later().to_json() == CATCH_UP
    assert parse_catch_up(parse_later(CATCH_UP).fields) == catch_up


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[]", "message"),
        ("{", "message"),
        ('{"kind":"dance"}', "kind"),
        ('{"token":"SOL"}', "kind"),
        ('{"kind":"catch_up","token":"../etc","connections":[]}', "token"),
        ('{"kind":"catch_up","token":"SOL"}', "connections"),
        ('{"kind":"catch_up","token":"SOL","connections":[1]}', "connections"),
    ],
)
def test_what_is_no_message_is_refused_by_name(text: str, where: str) -> None:
    with pytest.raises(BadRequest, match=where):
        parse_catch_up(parse_later(text).fields)


def test_message_holds_no_more_connections_than_are_read_at_once() -> None:
    too_many = CatchUp("SOL", ["a"] * (MAX_FOUND + 1)).to_later()

    with pytest.raises(BadRequest, match="100"):
        parse_catch_up(too_many.fields)


@pytest.mark.parametrize(("failing_seconds", "pause"), [(0, 1), (1, 2), (3, 6), (9, 10), (600, 10)])
def test_pause_grows_with_the_time_of_failing(failing_seconds: int, pause: int) -> None:
    lagging = Lagging("a", "all", "", int((NOW - failing_seconds) * 1_000))

    assert pause_after([lagging], now=NOW) == pause


def test_only_what_was_not_sent_is_left_to_send() -> None:
    one, two, three = updates_of("SOL", 3)

    assert unsent(Replay([one, two], None), Replay([one, three, two], None)) == Replay(
        [three], None
    )
    assert unsent(Replay([one], None), Replay([one], None)) == Replay([], None)


def test_gap_is_told_once() -> None:
    one, two = updates_of("SOL", 2)
    gap = Gap("a", one.id)

    assert unsent(Replay([one], None), Replay([two], gap)).gap == gap
    assert unsent(Replay([one], gap), Replay([two], gap)).gap is None
    assert unsent(Replay([one], None), Replay([one], gap)).gap is None
