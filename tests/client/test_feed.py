"""A feed on real sockets: many tokens, and apps that do as apps do. What it says when is in the scenarios."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from client import Feed, Price, Refused, connect
from client.price_queue import CAPACITY
from tests.client.stack import Stack
from tests.client.trades import TOKEN, Update, an_update, ids

OTHER = "OTHER"


def of_other(second: int) -> Update:
    return {**an_update(second), "token": OTHER}


class Heard:
    """The ids of a token's prices, in order of arrival."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._news = asyncio.Event()

    def __call__(self, price: Price) -> None:
        self.ids.append(price.update.id)
        self._news.set()

    async def hears(self, ids: list[str]) -> None:
        async with asyncio.timeout(300):
            while self.ids != ids:
                self._news.clear()
                await self._news.wait()


@pytest.mark.parametrize("path", ["edge", "aws"])
async def test_tokens_share_a_socket_and_a_request(stack: Stack, path: str) -> None:
    stack.path = path
    one, other = Heard(), Heard()
    async with connect(api=stack.url) as feed:
        feed.subscribe(TOKEN, on_price=one)
        feed.subscribe(OTHER, on_price=other)
        await stack.until(lambda: stack.events.count(f"{path} serves") == 1, "a socket")
        await stack.publish(an_update(1), of_other(2))
        await stack.publish(of_other(3))
        await one.hears(ids(1))
        await other.hears(ids(2, 3))

        newest = feed.newest(OTHER)
        assert newest is not None
        assert newest.id == ids(3)[0]
        assert (feed.state.state, feed.state.path) == ("live", path)

    assert stack.asked == [{"tokens": f"{TOKEN},{OTHER}"}]
    assert len(stack.opened) == 1
    await stack.until(lambda: not stack.open, "the end of the socket")


async def test_loop_that_ends_leaves_its_token_and_no_other(stack: Stack) -> None:
    other = Heard()
    async with connect(api=stack.url) as feed:
        feed.subscribe(OTHER, on_price=other)
        async with aclosing(feed.prices(TOKEN)) as prices:
            waiting = asyncio.ensure_future(anext(prices))
            await stack.until(lambda: bool(stack.sockets("edge")), "a socket")
            await stack.publish(an_update(1), of_other(2))
            assert (await waiting).update.id == ids(1)[0]
        await stack.until(lambda: f"left {TOKEN}" in stack.events, "the token to be left")
        await stack.publish(of_other(3))
        await other.hears(ids(2, 3))

    assert len(stack.opened) == 1


async def test_loop_ends_with_the_feed(stack: Stack) -> None:
    async def read(feed: Feed) -> list[Price]:
        return [price async for price in feed.prices(TOKEN)]

    async with connect(api=stack.url) as feed:
        reading = asyncio.create_task(read(feed))
        await stack.until(lambda: bool(stack.sockets("edge")), "a socket")
    assert await reading == []

    with pytest.raises(ValueError, match="the feed is closed"):
        feed.subscribe(TOKEN, on_price=Heard())


async def test_slow_loop_leaves_out_the_oldest_and_says_how_many(stack: Stack) -> None:
    newest = Heard()
    many = [an_update(second) for second in range(1, CAPACITY + 12)]
    async with connect(api=stack.url) as feed:
        prices = feed.prices(TOKEN)
        first = asyncio.ensure_future(anext(prices))
        await stack.until(lambda: bool(stack.sockets("edge")), "a socket")
        await stack.publish(many[0])
        assert (await first).skipped == 0
        feed.subscribe(TOKEN, on_price=newest)
        await stack.publish(*many[1:])
        await newest.hears(ids(*range(1, CAPACITY + 12)))

        rest = [await anext(prices) for _ in range(CAPACITY)]
        await prices.aclose()

    assert (rest[0].update.id, rest[0].skipped) == (ids(12)[0], 10)
    assert [price.skipped for price in rest[1:]] == [0] * (CAPACITY - 1)


async def test_refused_token_is_told_to_its_own_app(stack: Stack) -> None:
    stack.connect_status = 404
    async with connect(api=stack.url) as feed:
        with pytest.raises(Refused, match="not streamed") as refused:
            async for _ in feed.prices(TOKEN):
                pass
        assert refused.value.code == "UNKNOWN_TOKEN"
        assert feed.state.state == "idle"


async def test_error_of_a_callback_is_told_and_breaks_nothing(stack: Stack) -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    heard = Heard()

    def break_down(_: Price) -> None:
        raise RuntimeError("the app's own")

    async with connect(api=stack.url) as feed:
        feed.subscribe(TOKEN, on_price=break_down)
        feed.subscribe(TOKEN, on_price=heard)
        await stack.until(lambda: bool(stack.sockets("edge")), "a socket")
        await stack.publish(an_update(1))
        await heard.hears(ids(1))

    assert [str(context["exception"]) for context in told] == ["the app's own"]


async def test_pass_is_asked_for_and_shown_in_a_header_and_a_message_only(stack: Stack) -> None:
    async def get_token() -> str:
        return "a.b.c"

    async with connect(api=stack.url, get_token=get_token) as feed:
        heard = Heard()
        feed.subscribe(TOKEN, on_price=heard)
        await stack.until(lambda: bool(stack.sockets("edge")), "a socket")
        await stack.publish(an_update(1))
        await heard.hears(ids(1))

    assert stack.shown == ["Bearer a.b.c", "a.b.c"]


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ({"token": "a b"}, "token must be 1 to 64"),
        ({"on_price": 7}, "on_price must be a function; got 7"),
        ({"on_error": 7}, "on_error must be a function; got 7"),
        ({"delivery": "newest"}, "delivery must be"),
        ({"max_fill": 0}, "max_fill must be above 0"),
    ],
    ids=str,
)
async def test_mistake_is_told_at_once(mistake: dict[str, Any], said: str) -> None:
    wishes: dict[str, Any] = {"token": TOKEN, "on_price": print, **mistake}
    async with connect(api="https://stack.example") as feed:
        with pytest.raises(ValueError, match=said):
            feed.subscribe(**wishes)


async def test_mistake_of_a_loop_is_told_before_it_begins() -> None:
    async with connect(api="https://stack.example") as feed:
        with pytest.raises(ValueError, match="max_fill must be above 0"):
            feed.prices(TOKEN, max_fill=0)


async def test_pass_in_place_of_a_function_is_not_shown() -> None:
    not_a_function: Any = "eyJhbGciOi"

    with pytest.raises(ValueError, match="get_token must be a function") as mistake:
        async with connect(api="https://stack.example", get_token=not_a_function):
            pass

    assert "eyJ" not in str(mistake.value)
