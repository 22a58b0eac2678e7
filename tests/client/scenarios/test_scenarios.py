"""The scenarios, in Python. scenarios.test.js runs the same in JavaScript."""

import asyncio
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from client import ClientError, State
from client.options import MAX_FILL
from client.rest import RestApi
from client.subscription import Subscription
from tests.client.scenarios.virtual import VirtualLoop, VirtualStack, a_trade, number_of

FOLDER: Final = Path(__file__).parent
PATHS: Final = ("aws", "edge")

Fields = Mapping[str, Any]


def all_scenarios() -> Iterator[Any]:
    for file in sorted(set(FOLDER.glob("*.json")) - set(FOLDER.glob("feed_*.json"))):
        for scenario in json.loads(file.read_text())["scenarios"]:
            yield pytest.param(scenario, id=f"{file.stem}: {scenario['name']}")


class Follower:
    """A subscription of one token, and what it was told."""

    def __init__(self, stack: VirtualStack, token: str, options: Fields, random: float) -> None:
        self.handed: list[int | str] = []
        self.states: list[State] = []
        http = httpx.AsyncClient(transport=httpx.MockTransport(stack.answer))
        self.subscription = Subscription(
            token,
            RestApi(http, "http://stack", token, None),
            delivery=options.get("delivery", "all"),
            max_fill=options.get("maxFill", MAX_FILL),
            on_state=None if options.get("isSilent") else self.states.append,
            open_socket=stack.open_socket,
            random=lambda: random,
        )
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        try:
            async for price in self.subscription:
                n = number_of(price.update.id)
                self.handed.append(f"{n} late" if price.is_late else n)
        except ClientError:
            pass  # the state says it


class Run:
    """One run of a scenario: a stack, and an app with a subscription for each token."""

    def __init__(self, scenario: Fields, warnings: Callable[[], list[str]]) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self._loop = loop
        self._random: float = scenario.get("random", 0.5)
        self._warnings = warnings
        self.stack = VirtualStack(loop)
        self.followers: dict[str, Follower] = {}

    async def until(self, seconds: float) -> None:
        await asyncio.sleep(seconds - self._loop.time())

    async def take(self, step: Fields) -> None:
        """Do what a step says. The verb is the step's first key after `at`."""
        verb, what = next((key, value) for key, value in step.items() if key != "at")
        token = step.get("token", "T")
        on = step.get("on", PATHS)
        await getattr(self, f"_{verb}")(what, token, [on] if isinstance(on, str) else on, step)

    async def _subscribe(self, token: str, _: str, _on: list[str], step: Fields) -> None:
        options = step.get("options", {})
        self.followers[token] = Follower(self.stack, token, options, self._random)

    async def _store(self, numbers: list[int], token: str, *_: object) -> None:
        self.stack.store([a_trade(token, n) for n in numbers])

    async def _send(self, numbers: list[int], token: str, on: list[str], _: Fields) -> None:
        for path in on:
            self.stack.send(path, [a_trade(token, n) for n in numbers])

    async def _publish(self, numbers: list[int], token: str, on: list[str], step: Fields) -> None:
        await self._store(numbers, token)
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

    async def _move(self, path: str, *_: object) -> None:
        self.stack.move(path)

    async def _cut(self, path: str, *_: object) -> None:
        for socket in self.stack.open(path):
            socket.is_cut = True

    async def _close(self, path: str, _: str, _on: list[str], step: Fields) -> None:
        for socket in self.stack.open(path):
            socket.end(step.get("code", 1006), step.get("reason", ""))

    async def _device(self, what: str, *_: object) -> None:
        if what == "wakes":  # no tab is hidden here
            for follower in self.followers.values():
                follower.subscription.wake()

    async def _sleep(self, seconds: float, *_: object) -> None:
        self._loop.sleep_device(seconds)

    async def _app(self, what: str, token: str, *_: object) -> None:
        subscription = self.followers[token].subscription
        if what == "close":
            await subscription.close()
        else:
            subscription.wake()

    async def _expect(self, expected: Fields, _: str, _on: list[str], step: Fields) -> None:
        self.check(expected, f"at {step['at']} s")

    def check(self, expected: Fields, when: str) -> None:
        follower = self.followers[expected.get("token", "T")]
        seen: dict[str, Any] = {
            "handed": follower.handed,
            "states": _changes(follower.states),
            "state": _shown(follower.subscription.state),
            "requests": self.stack.requests,
            "sockets": len(self.stack.sockets),
        }
        for what, value in expected.items():
            if what == "reason":
                assert re.search(value, follower.subscription.state.reason), when
            elif what == "warnings":
                said = self._warnings()
                assert len(said) == len(value), f"{said} {when}"
                assert all(re.search(*pair) for pair in zip(value, said, strict=True)), said
            elif what != "token":
                assert seen[what] == value, f"{what} {when}"


def _shown(state: State) -> str:
    """The state, and the path that delivers."""
    return f"{state.state} {state.path}" if state.state in ("live", "moving") else state.state


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
        for follower in run.followers.values():
            await follower.subscription.close()
            await follower.task
