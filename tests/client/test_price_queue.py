"""The queue of prices that the user's loop has not taken yet is bounded."""

import asyncio

from client.price_queue import CAPACITY, PriceQueue
from client.update import Price, parse_update
from tests.client.trades import an_update


def a_price(second: int, *, skipped: int = 0) -> Price:
    update = parse_update({**an_update(second), "price": 1})
    return Price(update, is_late=False, skipped=skipped)


async def test_full_queue_has_room_again_when_a_price_is_taken() -> None:
    queue = PriceQueue("all")
    for second in range(CAPACITY):
        await queue.wait_for_room()
        queue.put(a_price(second))
    waiting = asyncio.ensure_future(queue.wait_for_room())
    done, _ = await asyncio.wait({waiting}, timeout=1)
    assert not done

    assert await queue.take() == a_price(0)
    await waiting


async def test_latest_keeps_the_newest_alone_and_always_has_room() -> None:
    queue = PriceQueue("latest")
    for second in range(5):
        await queue.wait_for_room()
        queue.put_over_old(a_price(second))

    assert await queue.take() == a_price(4, skipped=4)
    queue.end(None)
    assert await queue.take() is None


async def test_oldest_prices_are_left_out_and_counted_where_nobody_can_wait() -> None:
    queue = PriceQueue("all")
    for second in range(CAPACITY + 3):
        queue.put_over_old(a_price(second))

    assert await queue.take() == a_price(3, skipped=3)
    assert await queue.take() == a_price(4)


async def test_first_end_counts_and_comes_after_the_last_price() -> None:
    queue = PriceQueue("all")
    queue.put(a_price(1))
    queue.end(None)
    queue.end(ValueError("too late"))

    assert [await queue.take(), await queue.take()] == [a_price(1), None]
