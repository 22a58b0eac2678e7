"""The queue of prices that the user's loop has not taken yet is bounded."""

import asyncio

from client.price_queue import CAPACITY, PriceQueue
from client.update import Price, parse_update
from tests.client.trades import an_update


def a_price(second: int) -> Price:
    return Price(parse_update({**an_update(second), "price": 1}), is_late=False)


async def test_full_queue_has_room_again_when_a_price_is_taken() -> None:
    queue = PriceQueue(wants_latest=False)
    for second in range(CAPACITY):
        await queue.wait_for_room()
        queue.put(a_price(second))
    waiting = asyncio.ensure_future(queue.wait_for_room())
    done, _ = await asyncio.wait({waiting}, timeout=1)
    assert not done

    assert await queue.take() == a_price(0)
    await waiting


async def test_latest_keeps_the_newest_alone_and_always_has_room() -> None:
    queue = PriceQueue(wants_latest=True)
    for second in range(CAPACITY + 1):
        await queue.wait_for_room()
        queue.put(a_price(second))

    assert await queue.take() == a_price(CAPACITY)
    queue.end(None)
    assert await queue.take() is None
