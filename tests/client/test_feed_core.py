"""The pure parts of a feed. feed_core.test.js holds the same of the JavaScript library."""

import asyncio
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.access import Pass
from client.discovery import Question, calls
from client.errors import Unreachable
from client.paths import Delivery, wish
from client.roster import Due, Roster

CONTRACT = Path(__file__).parents[1] / "contract"
COMMANDS: dict[str, Any] = json.loads((CONTRACT / "commands.json").read_text())
MESSAGES: dict[str, Any] = json.loads((CONTRACT / "messages.json").read_text())
DELIVERIES: tuple[Delivery | None, ...] = (None, "all", "latest")


class Server:
    """Does as it is asked, in any order; at most one command of a token is on its way."""

    def __init__(self, roster: Roster) -> None:
        self.served: dict[str, Delivery] = {}
        self.under_way: dict[str, Delivery | None] = {}
        self._roster = roster

    def be_asked(self, wanted: dict[str, Delivery | None]) -> None:
        due = self._roster.take_due()
        for token in [*due.joining, *due.leaving]:
            assert token not in self.under_way, f"two commands of {token}"
            self.under_way[token] = wanted[token] if token in due.joining else None

    def answer(self, random: Random) -> None:
        token = random.choice(list(self.under_way))
        delivery = self.under_way.pop(token)
        if delivery is None:
            self.served.pop(token, None)
        else:
            self.served[token] = delivery
        self._roster.confirm(token, is_served=delivery is not None)
        if random.random() < 0.2:
            self._roster.confirm(token, is_served=random.random() < 0.5)  # one that comes twice


class TestRoster:
    @given(st.randoms(use_true_random=False))
    def test_server_ends_with_what_is_wanted_however_late_it_answers(self, random: Random) -> None:
        roster, wanted = Roster(), dict[str, Delivery | None]()
        server = Server(roster)
        for _ in range(60):
            token = random.choice("ABCD")
            wanted[token] = random.choice(DELIVERIES)
            roster.want(token, wanted[token])
            if random.random() < 0.6:
                server.be_asked(wanted)
            if random.random() < 0.4 and server.under_way:
                server.answer(random)
        server.be_asked(wanted)
        while server.under_way:
            server.answer(random)
            server.be_asked(wanted)

        assert server.served == {token: each for token, each in wanted.items() if each is not None}
        assert len(roster) == len(server.served)

    def test_token_counts_until_the_server_has_let_it_go(self) -> None:
        roster = Roster()
        roster.want("A", "all")
        roster.take_due()
        roster.confirm("A", is_served=True)
        roster.want("A", None)

        assert len(roster) == 1
        assert roster.take_due() == Due(joining=[], leaving=["A"])
        roster.confirm("A", is_served=False)
        assert len(roster) == 0


def test_command_of_100_tokens_with_the_longest_ids_fits_the_contracts_size() -> None:
    id_ = "9999999999-999999999999-zzzzzzzzzzzzzzzz"
    longest = [f"{n:T>64}" for n in range(COMMANDS["maxTokens"])]
    subscriptions = [wish(token, id_, "latest") for token in longest]

    command = {"action": "subscribePrice", "subscriptions": subscriptions}

    assert len(json.dumps(command, separators=(",", ":"))) <= MESSAGES["maxCommandBytes"]


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([(100, 44, None)], [(100, None)]),
        ([(101, 44, None)], [(100, None), (1, None)]),
        ([(100, 64, None)], [(76, None), (24, None)]),  # API Gateway takes 10 KB
        ([(2, 3, "edge"), (1, 3, None), (1, 3, "edge")], [(1, None), (3, "edge")]),
    ],
    ids=["100 tokens", "101", "long tokens", "some avoid a path"],
)
async def test_discovery_asks_in_as_few_requests_as_can_be(
    groups: list[tuple[int, int, str | None]], expected: list[tuple[int, str | None]]
) -> None:
    loop = asyncio.get_running_loop()
    questions = [
        Question(f"{n:T>{length}}", avoid, loop.create_future())
        for count, length, avoid in groups
        for n in range(count)
    ]

    assert [(len(call), call[0].avoid) for call in calls(questions)] == expected


class TestPass:
    async def test_is_asked_for_once_until_it_is_dropped(self) -> None:
        given = iter(["p1", "p2"])
        access = Pass(lambda: next(given))
        first, same = access.get(), access.get()
        assert [await first.text(), await same.text()] == ["p1", "p1"]

        access.drop(first)
        second = access.get()
        access.drop(first)  # who was refused with the first one says it late

        assert [await second.text(), await access.get().text()] == ["p2", "p2"]

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (RuntimeError("logged out"), "get_token failed: RuntimeError logged out"),
            (7, "get_token must give a text"),
            ("", "get_token must give a text"),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("is_async", [False, True])
    async def test_that_is_none_is_asked_for_again(
        self, given: Any, said: str, *, is_async: bool
    ) -> None:
        answers = iter([given, "p2"])

        def get_token() -> Any:
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

        async def get_token_later() -> Any:
            return get_token()

        access = Pass(get_token_later if is_async else get_token)
        with pytest.raises(Unreachable, match=said):
            await access.get().text()

        assert await access.get().text() == "p2"
