"""What waits for the user's loop is bounded."""

import asyncio

from client.outlet import CAPACITY, Outlet
from client.update import Price, parse_update
from tests.client.trades import an_update


def a_price(second: int) -> Price:
    return Price(parse_update({**an_update(second), "price": 1}), is_late=False)


async def test_full_outlet_has_room_again_when_a_price_is_taken() -> None:
    outlet = Outlet(wants_latest=False)
    for second in range(CAPACITY):
        await outlet.wait_for_room()
        outlet.put(a_price(second))
    waiting = asyncio.ensure_future(outlet.wait_for_room())
    done, _ = await asyncio.wait({waiting}, timeout=1)
    assert not done

    assert await outlet.take() == a_price(0)
    await waiting


async def test_latest_keeps_the_newest_alone_and_always_has_room() -> None:
    outlet = Outlet(wants_latest=True)
    for second in range(CAPACITY + 1):
        await outlet.wait_for_room()
        outlet.put(a_price(second))

    assert await outlet.take() == a_price(CAPACITY)
    outlet.end(None)
    assert await outlet.take() is None
