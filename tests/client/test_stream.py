"""A subscription on one path: order, exactly once, resuming, and what ends it."""

import asyncio

import pytest

from client import subscribe
from client.price_queue import CAPACITY
from client.update import read_from
from tests.client.listener import listening
from tests.client.stack import Stack
from tests.client.trades import TOKEN, an_update, ids

BOTH = pytest.mark.parametrize("path", ["edge", "aws"])


@BOTH
async def test_updates_come_in_order_and_once(stack: Stack, path: str) -> None:
    stack.path = path
    await stack.publish(an_update(1))

    async with listening(stack) as listener:
        await listener.hears(ids(1))
        await stack.publish(an_update(2), an_update(3))
        await stack.publish(an_update(3), an_update(4))
        await listener.hears(ids(4))

    assert listener.ids == ids(1, 2, 3, 4)
    assert not any(price.is_late for price in listener.prices)
    assert {state.path for state in listener.states} == {path}
    assert [state.state for state in listener.states] == ["connecting", "live", "closed"]


async def test_update_says_what_the_path_sent(stack: Stack) -> None:
    await stack.publish({**an_update(1), "price": 0.0066679824})

    async with listening(stack) as listener:
        await listener.hears(ids(1))

    update = listener.prices[0].update
    assert (str(update.price), update.token, update.slot) == ("0.0066679824", TOKEN, 300_000_001)
    assert (update.timestamp, update.tx_signature) == (1_750_000_001, "sig1")


@BOTH
async def test_late_trade_comes_flagged(stack: Stack, path: str) -> None:
    stack.path = path
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.publish(an_update(5))
        await stack.publish(an_update(4))
        await listener.hears(ids(5, 4))

    assert [price.is_late for price in listener.prices] == [False, True]


@BOTH
async def test_latest_hands_over_rising_prices_only(stack: Stack, path: str) -> None:
    stack.path = path
    async with listening(stack, delivery="latest") as listener:
        await listener.shows("live")
        await stack.publish(an_update(5))
        await listener.hears(ids(5))
        await stack.publish(an_update(4))
        await stack.publish(an_update(6))
        await listener.hears(ids(6))

    assert listener.ids == ids(5, 6)
    assert stack.opened[0].wishes == {"delivery": "latest"}


@BOTH
async def test_lost_connection_resumes_after_the_last_id(stack: Stack, path: str) -> None:
    stack.path = path
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.publish(an_update(1), an_update(2))
        await listener.hears(ids(2))
        stack.opened[0].drop()
        await stack.until(lambda: not stack.open, "the loss")
        await stack.publish(an_update(3))
        await listener.hears(ids(3))

    assert listener.ids == ids(1, 2, 3)
    assert stack.opened[1].wishes["after"] == ids(2)[0]
    assert len(stack.asked) == 2


@BOTH
async def test_quiet_token_misses_nothing_either(stack: Stack, path: str) -> None:
    stack.path = path
    async with listening(stack) as listener:
        await listener.shows("live")
        stack.opened[0].drop()
        await stack.until(lambda: not stack.open, "the loss")
        for second in (1, 2, 3):
            await stack.publish(an_update(second))
        await listener.hears(ids(1, 2, 3))

    assert listener.ids == ids(1, 2, 3)


@BOTH
async def test_gap_is_filled_from_pages(stack: Stack, path: str) -> None:
    stack.path = path
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.publish(an_update(1))
        await listener.hears(ids(1))
        stack.opened[0].drop()
        await stack.until(lambda: not stack.open, "the loss")
        await stack.publish(*(an_update(second) for second in range(2, 10)))
        stack.forget(path)
        await stack.publish(an_update(10))
        await listener.hears(ids(*range(1, 11)))

    assert listener.ids == ids(*range(1, 11))  # live trades after the gap wait for those in the gap
    assert len(stack.reads) > 1


async def test_gap_is_filled_when_the_rest_api_is_back(stack: Stack) -> None:
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.publish(an_update(1))
        await listener.hears(ids(1))
        stack.prices_are_readable = False
        stack.store(an_update(2))
        await stack.opened[0].say({"type": "GAP", "after": ids(1)[0], "until": None})
        await stack.publish(an_update(3))
        await listener.hears(ids(3))
        stack.prices_are_readable = True
        await listener.hears(ids(2))

    assert [(price.update.id, price.is_late) for price in listener.prices] == [
        *((id_, False) for id_ in ids(1, 3)),
        (ids(2)[0], True),
    ]


async def test_trade_that_came_late_into_the_gap_is_found(stack: Stack) -> None:
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.publish(an_update(100))
        await listener.hears(ids(100))
        stack.store(an_update(50))
        await stack.opened[0].say({"type": "GAP", "after": ids(100)[0], "until": None})
        await listener.hears(ids(50))

    assert listener.ids == ids(100, 50)


async def test_gap_behind_a_trade_that_was_hours_late_is_not_read_from_there(stack: Stack) -> None:
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.publish(an_update(20_000))
        await stack.publish(an_update(1))
        await listener.hears(ids(20_000, 1))
        await stack.opened[0].say({"type": "GAP", "after": ids(1)[0], "until": None})
        await stack.until(lambda: bool(stack.reads), "a read")

    assert stack.reads[0].endswith(f"?after={read_from(ids(20_000)[0])}")


async def test_refused_token_ends_the_loop(stack: Stack) -> None:
    stack.connect_status = 404

    async with listening(stack) as listener:
        refusal = await listener.is_refused()

    assert "UNKNOWN_TOKEN" in str(refusal)
    assert listener.states[-1].state == "closed"
    assert len(stack.asked) == 1


async def test_policy_violation_ends_the_loop(stack: Stack) -> None:
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.opened[0].connection.close(1008, "too many messages")
        refusal = await listener.is_refused()

    assert "too many messages" in str(refusal)
    assert len(stack.opened) == 1


@pytest.mark.parametrize("code", [1000, 1001, 1011, 4008, 4009])
async def test_other_close_codes_ask_again_and_reconnect(stack: Stack, code: int) -> None:
    async with listening(stack) as listener:
        await listener.shows("live")
        stack.path = "aws"
        await stack.opened[0].connection.close(code, "go")
        await stack.until(lambda: bool(stack.sockets("aws")), "the other path")

    assert [socket.path for socket in stack.opened] == ["edge", "aws"]


@pytest.mark.parametrize("code", ["TOO_MANY_TOKENS", "BAD_REQUEST", "UNKNOWN_TOKEN"])
async def test_error_that_trying_again_does_not_mend_ends_the_loop(stack: Stack, code: str) -> None:
    stack.path = "aws"
    stack.answer_to_subscribe = lambda: [{"type": "ERROR", "code": code, "message": "no"}]

    async with listening(stack) as listener:
        assert code in str(await listener.is_refused())


async def test_internal_error_is_tried_again(stack: Stack) -> None:
    stack.path = "aws"
    stack.answer_to_subscribe = lambda: [{"type": "ERROR", "code": "INTERNAL", "message": "oh"}]

    async with listening(stack) as listener:
        await listener.shows("waiting")
        stack.answer_to_subscribe = None
        await listener.shows("live")


async def test_discovery_that_fails_falls_back_to_its_last_answer(stack: Stack) -> None:
    async with listening(stack) as listener:
        await listener.shows("live")
        stack.connect_status = 503
        stack.opened[0].drop()
        await stack.until(lambda: len(stack.opened) == 2, "a second connection")


async def test_closing_leaves_no_task_and_no_socket(stack: Stack) -> None:
    before = asyncio.all_tasks()
    async with subscribe(TOKEN, api=stack.url) as prices:
        await stack.publish(an_update(1))
        assert (await anext(prices)).update.id == ids(1)[0]
        await stack.move("aws")  # closed in the midst of a move
        await stack.until(lambda: bool(stack.sockets("aws")), "the move")

    await stack.until(lambda: not stack.open, "closed sockets")
    assert {task for task in asyncio.all_tasks() - before if "server" not in repr(task)} == set()
    assert [price async for price in prices] == []


async def test_error_in_the_users_loop_is_the_users(stack: Stack) -> None:
    with pytest.raises(ZeroDivisionError):
        async with subscribe(TOKEN, api=stack.url):
            raise ZeroDivisionError


async def test_slow_loop_gets_all_in_order(stack: Stack) -> None:
    updates = [an_update(second) for second in range(3 * CAPACITY)]
    async with subscribe(TOKEN, api=stack.url) as prices:
        await stack.until(lambda: bool(stack.sockets("edge")), "the connection")
        sending = asyncio.create_task(stack.publish(*updates))
        await sending
        heard = [(await anext(prices)).update.id for _ in updates]

    assert heard == ids(*range(3 * CAPACITY))
