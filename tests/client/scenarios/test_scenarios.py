"""The scenarios, in Python. scenarios.test.js runs the same in JavaScript."""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from client import (
    Candle,
    Chart,
    ChartCandle,
    ClientError,
    Feed,
    Follower,
    Price,
    Refused,
    State,
    Subscription,
)
from client.host import Host
from client.options import MAX_FILL
from tests.client.scenarios.trades import START, a_trade, number_of
from tests.client.scenarios.virtual import VirtualStack
from tests.client.scenarios.virtual_time import VirtualLoop

FOLDER: Final = Path(__file__).parent
PATHS: Final = ("aws", "edge")

Fields = Mapping[str, Any]
Tokens = str | list[str]


def all_scenarios() -> Iterator[Any]:
    for file in sorted(FOLDER.glob("*.json")):
        for scenario in json.loads(file.read_text())["scenarios"]:
            yield pytest.param(scenario, id=f"{file.stem}: {scenario['name']}")


class Followed:
    """What an app keeps of a token that it follows."""

    def __init__(self) -> None:
        self.handed: list[int | str] = []
        self.told: list[str] = []  # of a chart
        self.candles: dict[int, str] = {}  # of a chart, as they were told last
        self.states: list[State] = []
        self.error: str | None = None  # the code with which the token was refused
        self.subscription: Follower | Chart | Subscription | None = None

    def take(self, price: Price) -> None:
        n = number_of(price.update.id)
        self.handed.append(f"{n} late" if price.is_late else n)

    def take_candle(self, said: ChartCandle) -> None:
        shown = self.candles[said.candle.time] = _shown_candle(said.candle)
        self.told.append(f"{shown} history" if said.is_history else shown)

    def note_error(self, error: ClientError) -> None:
        assert isinstance(error, Refused)
        self.error = error.code

    async def listen(self, subscription: Subscription) -> None:
        try:
            async for price in subscription:
                self.take(price)
        except ClientError:
            pass  # the state says it


class Run:
    """One run of a scenario: a stack, and an app with a subscription for each token, or with a feed."""

    def __init__(self, scenario: Fields, warnings: Callable[[], list[str]]) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self._loop = loop
        self._random: float = scenario.get("random", 0.5)
        self._warnings = warnings
        self.stack = VirtualStack(loop)
        self.followed: dict[str, Followed] = {}  # by token, or by the name that a step gives
        self.feed: Feed | None = None
        self.feed_states: list[State] = []
        self._listening: list[asyncio.Task[None]] = []

    async def end(self) -> None:
        if self.feed is not None:
            await self.feed.close()
        for followed in self.followed.values():
            if isinstance(followed.subscription, Subscription):
                await followed.subscription.close()
        await asyncio.gather(*self._listening)

    async def until(self, seconds: float) -> None:
        await asyncio.sleep(seconds - self._loop.time())

    async def take(self, step: Fields) -> None:
        """Do what a step says. The verb is the step's first key that says no circumstance."""
        circumstances = ("at", "token", "on")
        verb, what = next((key, each) for key, each in step.items() if key not in circumstances)
        token = step.get("token", "T")
        on = step.get("on", PATHS)
        method = re.sub("([A-Z])", r"_\1", verb).lower()
        await getattr(self, f"_{method}")(what, token, [on] if isinstance(on, str) else on, step)

    async def _connect(self, options: Fields, *_: object) -> None:
        self.feed = Feed(
            self._http(),
            "http://stack",
            region=options.get("region"),
            get_token=self._get_token(options),
            on_state=None if options.get("isSilent") else self.feed_states.append,
            host=self._host(),
        )

    async def _follow(self, what: Any, _: str, _on: list[str], step: Fields) -> None:
        options = step.get("options", {})
        assert self.feed is not None
        for token in _names(what):
            followed = self.followed[step.get("as", token)] = Followed()
            followed.subscription = self.feed.subscribe(
                token,
                on_price=followed.take,
                on_state=None if options.get("isSilent") else followed.states.append,
                on_error=followed.note_error,
                delivery=options.get("delivery", "all"),
                max_fill=options.get("maxFill", MAX_FILL),
            )

    async def _chart(self, options: Fields, token: str, _on: list[str], step: Fields) -> None:
        assert self.feed is not None
        followed = self.followed[step.get("as", token)] = Followed()
        followed.subscription = self.feed.candles(
            token,
            interval=options["interval"],
            currency=options.get("currency", "sol"),
            on_candle=followed.take_candle,
            on_state=None if options.get("isSilent") else followed.states.append,
            on_error=followed.note_error,
        )

    async def _leave(self, what: Any, *_: object) -> None:
        for name in _names(what):
            following = self.followed[name].subscription
            assert isinstance(following, Follower | Chart)
            following.close()

    async def _feed(self, what: str, *_: object) -> None:
        assert self.feed is not None
        if what == "close":
            await self.feed.close()
        else:
            self.feed.wake()

    async def _subscribe(self, token: str, _: str, _on: list[str], step: Fields) -> None:
        options = step.get("options", {})
        followed = self.followed[token] = Followed()
        followed.subscription = Subscription(
            token,
            self._http(),
            "http://stack",
            region=options.get("region"),
            get_token=self._get_token(options),
            delivery=options.get("delivery", "all"),
            max_fill=options.get("maxFill", MAX_FILL),
            on_state=None if options.get("isSilent") else followed.states.append,
            host=self._host(),
        )
        listening = followed.listen(followed.subscription)
        self._listening.append(asyncio.create_task(listening))

    def _http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self.stack.answer))

    def _host(self) -> Host:
        return Host(open_socket=self.stack.open_socket, random=lambda: self._random)

    def _get_token(self, options: Fields) -> Callable[[], Awaitable[str]] | None:
        """Gives the texts of `passes` one after the other, the last one again and again."""
        left = list(options.get("passes") or [])

        async def get_token() -> str:
            given = left.pop(0) if len(left) > 1 else left[0]
            self.stack.requests.append(f"getToken {'null' if given is None else given}")
            if given is None:
                raise RuntimeError("nobody is logged in")
            if given == "never":
                await asyncio.Event().wait()
            return given

        return get_token if left else None

    async def _store(self, numbers: list[int], token: Tokens, _: list[str], step: Fields) -> None:
        self.stack.store(_trades(token, numbers, step))

    async def _send(self, numbers: list[int], token: Tokens, on: list[str], step: Fields) -> None:
        for path in on:
            self.stack.send(path, _trades(token, numbers, step))

    async def _publish(
        self, numbers: list[int], token: Tokens, on: list[str], step: Fields
    ) -> None:
        await self._store(numbers, token, on, step)
        await self._send(numbers, token, on, step)

    async def _say(self, message: Fields, token: str, on: list[str], _: Fields) -> None:
        with_ids = {
            name: a_trade(token, value)["id"]
            if name in ("after", "until") and value is not None
            else value
            for name, value in message.items()
        }
        for path in on:
            for socket in self.stack.open(path):
                socket.say(with_ids)

    async def _set(self, settings: Fields, *_: object) -> None:
        assert set(settings) <= set(self.stack.settings)
        self.stack.settings.update(settings)

    async def _forget(self, path: str, *_: object) -> None:
        self.stack.forget(path)

    async def _move(self, path: str, token: str, *_: object) -> None:
        self.stack.move(token, path)

    async def _let_go(self, path: str, token: str, *_: object) -> None:
        self.stack.let_go(token, path)

    async def _cut(self, path: str, *_: object) -> None:
        for socket in self.stack.open(path):
            socket.is_cut = True

    async def _close(self, path: str, _: str, _on: list[str], step: Fields) -> None:
        for socket in self.stack.open(path):
            socket.end(step.get("code", 1006), step.get("reason", ""))

    async def _device(self, what: str, *_: object) -> None:
        if what != "wakes":
            return  # no tab is hidden here
        if self.feed is not None:
            self.feed.wake()
        for followed in self.followed.values():
            if isinstance(followed.subscription, Subscription):
                followed.subscription.wake()

    async def _sleep(self, seconds: float, *_: object) -> None:
        self._loop.sleep_device(seconds)

    async def _app(self, what: str, token: str, *_: object) -> None:
        subscription = self.followed[token].subscription
        assert isinstance(subscription, Subscription)
        if what == "close":
            await subscription.close()
        else:
            subscription.wake()

    async def _expect(self, expected: Fields, _: str, _on: list[str], step: Fields) -> None:
        self.check(expected, f"at {step['at']} s")

    def check(self, expected: Fields, when: str) -> None:
        for name, each in expected.get("tokens", {}).items():
            self.check({"token": name, **each}, f"of {name} {when}")
        followed = self.followed.get(expected.get("token", "T"), Followed())
        last = followed.subscription and followed.subscription.state
        seen: dict[str, Any] = {
            "handed": followed.handed,
            "told": followed.told,
            "candles": [candle for _, candle in sorted(followed.candles.items())],
            "states": _changes(followed.states),
            "state": last and _shown(last),
            "error": followed.error,
            "feed": _changes(self.feed_states),
            "requests": self.stack.requests,
            "sockets": len(self.stack.sockets),
            "open": [socket.path for socket in self.stack.sockets if socket.is_open],
        }
        for what, value in expected.items():
            if what == "reason":
                assert last is not None
                assert re.search(value, last.reason), when
            elif what == "warnings":
                said = self._warnings()
                assert len(said) == len(value), f"{said} {when}"
                assert all(re.search(*pair) for pair in zip(value, said, strict=True)), said
            elif what not in ("token", "tokens"):
                assert seen[what] == value, f"{what} {when}"


def _names(what: list[str] | int) -> list[str]:
    """Tokens, or so many of them."""
    return [f"T{index + 1}" for index in range(what)] if isinstance(what, int) else what


def _trades(tokens: Tokens, numbers: list[int], step: Fields) -> list[dict[str, Any]]:
    several = [tokens] if isinstance(tokens, str) else tokens
    source = {name: value for name, value in step.items() if name == "source"}
    has_dollars = step.get("hasDollars", False)
    return [
        {**a_trade(token, n, has_dollars=has_dollars), **source}
        for token in several
        for n in numbers
    ]


def _shown(state: State) -> str:
    """The state, and the path that delivers."""
    delivers = state.state in ("live", "moving") and state.path is not None
    return f"{state.state} {state.path}" if delivers else state.state


def _shown_candle(candle: Candle) -> str:
    """Its second, the numbers of the trades with the prices that it shows, and the sum of the numbers of
    all its trades."""
    prices = [candle.open, candle.high, candle.low, candle.close]
    shown = " ".join("-" if price is None else f"{(price - 1) * 1_000:.0f}" for price in prices)
    running = " running" if candle.running else ""
    return f"{candle.time - START}: {shown}, {candle.trades} sum {candle.volume}{running}"


def _changes(states: list[State]) -> list[str]:
    shown = [_shown(state) for state in states]
    return [now for before, now in zip(["", *shown], shown, strict=False) if now != before]


def _apart(step: dict[str, Any]) -> Iterator[Fields]:
    """The steps of one that publishes `every` so many seconds."""
    every = step.pop("every", None)
    if every is None:
        yield step
        return
    for index, n in enumerate(step["publish"]):
        yield {**step, "at": step["at"] + index * every, "publish": [n]}


@pytest.mark.parametrize("scenario", list(all_scenarios()))
async def test_scenario(scenario: Fields, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="glow"):
        run = Run(scenario, lambda: [record.getMessage() for record in caplog.records])
        for step in chain.from_iterable(map(_apart, scenario["steps"])):
            await run.until(step["at"])
            await run.take(step)
        await run.until(scenario["until"])
        run.check(scenario["expect"], "at the end")
        await run.end()
