"""Connections that die, and paths that cannot be reached."""

from tests.client.listener import listening
from tests.client.stack import Stack
from tests.client.trades import an_update, ids


async def test_pings_keep_a_quiet_connection(stack: Stack) -> None:
    stack.protocol["pingMs"] = 500
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.until(lambda: stack.events.count("ping") >= 30, "15 s of pings")

    assert len(stack.opened) == 1


async def test_silent_path_is_given_up_for_the_other_one(stack: Stack) -> None:
    stack.protocol["pingMs"] = 500
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.publish(an_update(1))
        await listener.hears(ids(1))
        stack.silent.add("edge")
        await stack.publish(an_update(2))
        await stack.until(lambda: bool(stack.sockets("aws")), "the other path")
        await listener.hears(ids(1, 2))

    assert listener.ids == ids(1, 2)
    assert stack.asked[-1] == {"avoid": "edge"}


async def test_path_that_cannot_be_opened_for_10_s_is_avoided(stack: Stack) -> None:
    stack.refused.add("edge")

    async with listening(stack) as listener:
        await listener.shows("live")

    *tries, last = stack.asked
    assert tries == [{}] * stack.events.count("edge refused")
    assert len(tries) >= 2
    assert last == {"avoid": "edge"}
    assert listener.states[-2].path == "aws"


async def test_prices_are_polled_while_no_path_can_be_reached(stack: Stack) -> None:
    stack.publishes_on = {"edge"}
    stack.refused.add("edge")
    stack.store(an_update(1))
    async with listening(stack) as listener:
        await listener.shows("polling")
        await listener.hears(ids(1))
        stack.store(*(an_update(second) for second in range(2, 9)))
        await listener.hears(ids(*range(2, 9)))
        stack.refused.clear()
        await listener.shows("live")
        await stack.publish(an_update(9))
        await listener.hears(ids(9))

    assert listener.ids == ids(*range(1, 10))


async def test_latest_is_polled_as_one_price(stack: Stack) -> None:
    stack.publishes_on = {"edge"}
    stack.refused.add("edge")
    stack.store(an_update(1), an_update(2))
    async with listening(stack, delivery="latest") as listener:
        await listener.hears(ids(2))
        stack.store(an_update(3), an_update(4))
        await listener.hears(ids(4))

    assert listener.ids == ids(2, 4)


async def test_trade_between_the_last_poll_and_the_connection_is_found(stack: Stack) -> None:
    stack.publishes_on = {"edge"}
    stack.refused.add("edge")
    stack.store(an_update(1))
    async with listening(stack) as listener:
        await listener.shows("polling")
        await listener.hears(ids(1))
        stack.refused.clear()
        stack.store(an_update(2))  # the path has not received it, so it sends neither it nor a GAP
        stack.rings["edge"] += [an_update(1)]
        await listener.hears(ids(2))


async def test_stack_that_does_not_answer_is_asked_again(stack: Stack) -> None:
    stack.connect_status = 503
    async with listening(stack) as listener:
        await listener.shows("waiting")
        stack.connect_status = 200
        await listener.shows("live")


async def test_connection_after_polling_goes_on_where_polling_was(stack: Stack) -> None:
    stack.publishes_on = {"edge"}
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.publish(an_update(1))
        await listener.hears(ids(1))
        stack.refused.add("edge")
        stack.opened[0].drop()
        await listener.shows("polling")
        stack.store(an_update(2))
        await listener.hears(ids(2))
        heard_at = len(stack.reads)
        await stack.until(lambda: len(stack.reads) >= heard_at + 3, "two more polls, 5 s apart")
        stack.refused.clear()
        await listener.shows("live")

    assert stack.opened[1].wishes["after"] == ids(2)[0]


async def test_route_of_a_move_is_known_when_the_stack_does_not_answer(stack: Stack) -> None:
    async with listening(stack) as listener:
        await listener.shows("live")
        await stack.move("aws")
        await stack.until(lambda: "edge closed" in stack.events, "the move")
        stack.connect_status = 503
        stack.sockets("aws")[0].drop()
        await stack.until(lambda: len(stack.opened) == 3, "another connection")

    assert stack.opened[2].path == "aws"
