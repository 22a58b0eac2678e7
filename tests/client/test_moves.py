"""Changes of path. No trade is lost or shown twice, and a connection delivers at every moment."""

import pytest

from tests.client.listener import listening
from tests.client.stack import Stack
from tests.client.trades import an_update, ids

ACROSS = pytest.mark.parametrize(("old", "new"), [("edge", "aws"), ("aws", "edge")])


@ACROSS
async def test_moved_client_loses_nothing_and_shows_nothing_twice(
    stack: Stack, old: str, new: str
) -> None:
    stack.path = old
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.publish(an_update(1))
        await stack.publish(an_update(2))
        await listener.hears(ids(1, 2))
        stack.store(an_update(3), an_update(4))
        await stack.send(new, an_update(4), an_update(3))  # one path is ahead, in another order
        await stack.move(new)
        await stack.send(old, an_update(3))
        await stack.until(lambda: bool(stack.sockets(new)), "the new path")
        await stack.until(lambda: not stack.sockets(old), "the end of the old one")
        await stack.publish(an_update(5))
        await listener.hears(ids(1, 2, 3, 4, 5))

    assert sorted(listener.ids) == ids(1, 2, 3, 4, 5)


@ACROSS
async def test_old_connection_is_let_go_when_the_new_one_serves(
    stack: Stack, old: str, new: str
) -> None:
    stack.path = old
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.move(new)
        await stack.until(lambda: f"{old} closed" in stack.events, "the end of the old one")

    assert stack.events.index(f"{new} serves") < stack.events.index(f"{old} closed")
    assert [state.state for state in listener.states] == [
        *("connecting", "live", "moving", "live", "closed")
    ]
    assert len(stack.asked) == 1  # MOVED says where


async def test_moved_client_waits_its_part_of_the_jitter(stack: Stack) -> None:
    stack.protocol["pingMs"] = 500
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.move("aws", jitter_ms=10**9)
        await stack.until(lambda: stack.events.count("ping") >= 20, "10 s of pings")
        await stack.publish(an_update(1))
        await listener.hears(ids(1))

    assert [socket.path for socket in stack.opened] == ["edge"]


async def test_connection_lost_while_waiting_to_move_ends_the_wait(stack: Stack) -> None:
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.move("aws", jitter_ms=10**9)
        await listener.shows("moving")
        stack.opened[0].drop()
        await stack.until(lambda: bool(stack.sockets("aws")), "the new path")

    assert "waiting" in [state.state for state in listener.states]


async def test_other_path_is_asked_from_earlier_than_the_last_id(stack: Stack) -> None:
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.publish(an_update(1))
        await stack.publish(an_update(2))
        await listener.hears(ids(2))
        await stack.move("aws")
        await stack.until(lambda: bool(stack.sockets("aws")), "the new path")

    # Both trades came within the last 5 s, by which the paths may differ.
    assert stack.opened[1].wishes["after"] == ids(1)[0]


async def test_client_without_a_cursor_takes_the_one_of_the_move(stack: Stack) -> None:
    stack.says_when = False
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.send("aws", an_update(1), an_update(2))
        await stack.opened[0].say({**stack.moved("aws"), "after": ids(1)[0]})
        await listener.hears(ids(2))

    assert stack.opened[1].wishes["after"] == ids(1)[0]


async def test_old_path_serves_while_the_new_one_cannot_be_opened(stack: Stack) -> None:
    async with listening(stack) as listener:
        await listener.shows("live")
        stack.refused.add("aws")
        await stack.move("aws")
        await stack.until(lambda: stack.events.count("aws refused") >= 2, "two tries")
        await stack.publish(an_update(1))
        await listener.hears(ids(1))
        stack.refused.clear()
        await stack.until(lambda: bool(stack.sockets("aws")), "the new path")

    assert {state.state for state in listener.states} <= {"connecting", "live", "moving", "closed"}


async def test_subscribe_that_is_answered_moved_goes_there(stack: Stack) -> None:
    stack.path = "aws"
    stack.answer_to_subscribe = lambda: [stack.moved("edge")]

    async with listening(stack) as listener:
        await listener.shows("live")

    assert listener.states[-2].path == "edge"
    assert len(stack.asked) == 1


async def test_moves_in_a_circle_end_when_the_paths_agree(stack: Stack) -> None:
    stack.answer_to_subscribe = lambda: [stack.moved("edge")]
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.move("aws")
        await stack.until(lambda: len(stack.opened) >= 5, "two rounds")
        stack.answer_to_subscribe = None
        await stack.until(lambda: bool(stack.sockets("aws")), "the end of the circle")
        await stack.publish(an_update(1))
        await listener.hears(ids(1))

    assert [socket.path for socket in stack.opened][:4] == ["edge", "aws", "edge", "aws"]


async def test_room_that_is_over_sends_its_client_on(stack: Stack) -> None:
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.move("aws")
        await stack.opened[0].connection.close(4009, "moved")
        await stack.until(lambda: bool(stack.sockets("aws")), "the other path")


@pytest.mark.parametrize("path", ["edge", "aws"])
async def test_connection_is_renewed_before_its_greatest_age(stack: Stack, path: str) -> None:
    stack.path = path
    stack.protocol["maxAgeMs"] = 2_000
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.publish(an_update(1))
        await stack.until(lambda: f"{path} closed" in stack.events, "a renewal")

    assert stack.opened[1].wishes["after"] == ids(1)[0]
    assert (
        stack.events.index(f"{path} closed")
        > [index for index, event in enumerate(stack.events) if event == f"{path} serves"][1]
    )


async def test_fallback_is_left_when_the_own_path_is_back(stack: Stack) -> None:
    stack.path, stack.recheck_ms = "aws", 500
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.until(lambda: len(stack.asked) >= 3, "two more questions")
        assert len(stack.opened) == 1
        stack.path, stack.recheck_ms = "edge", None
        await stack.until(lambda: "aws closed" in stack.events, "the way back")

    assert stack.events.index("edge serves") < stack.events.index("aws closed")


async def test_client_of_a_region_asks_whether_a_move_holds_for_it(stack: Stack) -> None:
    stack.path = "aws"
    async with listening(stack, region="us-east-1") as listener:
        await listener.shows("live")
        for _ in range(2):
            asked = len(stack.asked)
            await stack.opened[0].say(stack.moved("edge"))  # but /connect still answers aws
            await stack.until(lambda n=asked: len(stack.asked) > n, "the question")
        await stack.publish(an_update(1))
        await listener.hears(ids(1))

        await stack.move("edge")
        await stack.until(lambda: bool(stack.sockets("edge")), "the new path")

    assert [socket.path for socket in stack.opened] == ["aws", "edge"]
    assert {query["region"] for query in stack.asked} == {"us-east-1"}
