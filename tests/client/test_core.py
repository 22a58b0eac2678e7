"""The pure core: memory, back-off, unreachable paths, and parsing messages."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.backoff import (
    BASE_SECONDS,
    CAP_SECONDS,
    LASTING_SECONDS,
    UNREACHABLE_SECONDS,
    Backoff,
    Reach,
)
from client.memory import (
    PATHS_DIFFER_SECONDS,
    REMEMBERED_IDS,
    REMEMBERED_SECONDS,
    Memory,
    Span,
)
from client.messages import Gap, Moved, parse_message
from client.paths import PROTOCOLS, Route, parse_route, url_for_one, wish
from client.update import LATE_SECONDS, Update, id_at, parse_update, read_from
from tests.client.trades import START, an_update, ids

CONTRACT = Path(__file__).parent.parent / "contract"
IDS: dict[str, Any] = json.loads((CONTRACT / "ids.json").read_text())
MESSAGES: dict[str, Any] = json.loads((CONTRACT / "messages.json").read_text())
MOVES: dict[str, Any] = json.loads((CONTRACT / "moves.json").read_text())

seconds = st.integers(min_value=0, max_value=600)
# Arrivals from two paths, in any order and with repeats: the trade's second, the wait before it.
arrivals = st.lists(st.tuples(seconds, st.floats(min_value=0, max_value=120)), max_size=60)


def the_update(second: int) -> Update:
    return parse_update({**an_update(second), "price": 1})


def remembering(arrivals: Sequence[tuple[int, float]]) -> Memory:
    memory, now = Memory(), 0.0
    for second, pause in arrivals:
        now += pause
        memory.admit(the_update(second), now)
    return memory


class TestMemory:
    @given(st.lists(st.tuples(seconds, st.floats(min_value=0, max_value=10)), max_size=60))
    def test_each_update_is_handed_over_once(self, arrivals: list[tuple[int, float]]) -> None:
        memory, now = Memory(), 0.0
        handed_over: list[str] = []
        for second, pause in arrivals:
            now += pause
            price = memory.admit(the_update(second), now)
            handed_over += [price.update.id] if price is not None else []

        assert len(handed_over) == len(set(handed_over))
        assert set(handed_over) == {the_update(second).id for second, _ in arrivals}

    @given(arrivals)
    def test_newest_never_goes_back(self, arrivals: list[tuple[int, float]]) -> None:
        memory, now, newest = Memory(), 0.0, ""
        for second, pause in arrivals:
            now += pause
            price = memory.admit(the_update(second), now)
            if price is not None:
                assert price.is_late == (price.update.id < newest)
                newest = max(newest, price.update.id)
            assert memory.newest_id == newest

    @given(st.lists(st.tuples(seconds, st.floats(min_value=0, max_value=4)), min_size=1))
    def test_cursor_has_been_known_for_as_long_as_paths_differ(
        self, arrivals: list[tuple[int, float]]
    ) -> None:
        memory, now = Memory(), 0.0
        received: dict[str, float] = {}
        for second, pause in arrivals:
            now += pause
            price = memory.admit(the_update(second), now)
            if price is not None and not price.is_late:
                received[price.update.id] = now

        cursor = memory.cursor_on_another_path()

        settled = [id_ for id_, at in received.items() if at <= now - PATHS_DIFFER_SECONDS]
        assert cursor == (settled[-1] if settled else next(iter(received)))

    def test_late_trade_is_no_cursor(self) -> None:
        memory = remembering([(600, 0), (1, 0), (601, 10)])

        assert memory.cursor_on_another_path() == ids(600)[0]

    def test_what_came_before_a_long_silence_is_remembered(self) -> None:
        memory = remembering([(1, 0), (2, 1)])
        night = 8 * 3_600

        assert memory.admit(the_update(3), night) is not None
        assert memory.admit(the_update(2), night) is None

    def test_ids_are_forgotten_after_a_while(self) -> None:
        pauses = range(0, REMEMBERED_SECONDS + 60, 30)
        memory = remembering([(1, 0), *((2 + index, 30) for index, _ in enumerate(pauses))])

        assert memory.admit(the_update(1), REMEMBERED_SECONDS + 90) is not None

    def test_nothing_is_forgotten_while_a_read_is_owed(self) -> None:
        memory = remembering([(1, 0)])
        memory.owe(Span(ids(1)[0]))
        for index in range(60):
            memory.admit(the_update(2 + index), 30.0 * index)

        assert memory.admit(the_update(1), 2_000) is None

    def test_memory_is_bounded(self) -> None:
        memory = Memory()
        memory.owe(Span(None))
        for second in range(REMEMBERED_IDS + 1):
            memory.admit(the_update(second), 0)

        assert memory.admit(the_update(0), 0) is not None
        assert memory.admit(the_update(2), 0) is None

    @given(st.lists(st.none() | seconds, min_size=1))
    def test_what_is_owed_covers_every_gap(self, gaps: list[int | None]) -> None:
        memory = Memory()
        starts = [None if after is None else id_at(START + after) for after in gaps]
        for start in starts:
            memory.owe(Span(start))

        owed = memory.owed
        assert owed is not None
        newest_alone = "~"  # above every id
        assert (owed.after or newest_alone) == min(start or newest_alone for start in starts)

    def test_gap_that_comes_during_a_read_stays_owed(self) -> None:
        memory = Memory()
        memory.owe(Span(id_at(START)))
        being_read = memory.owed
        assert being_read is not None
        memory.owe(Span(id_at(START - 1)))

        memory.settle(being_read)

        assert memory.owed == Span(id_at(START - 1))

    def test_gap_of_the_same_start_that_comes_during_a_read_stays_owed(self) -> None:
        memory = Memory()
        memory.owe(Span(id_at(START)))
        being_read = memory.owed
        assert being_read is not None
        memory.owe(Span(id_at(START)))

        memory.settle(being_read)

        assert memory.owed == Span(id_at(START))


class TestBackoff:
    @given(st.floats(min_value=0, max_value=1), st.integers(min_value=0, max_value=2_000))
    def test_wait_is_a_part_of_a_bound_that_doubles(self, part: float, failures: int) -> None:
        backoff = Backoff(lambda: part)
        for _ in range(failures):
            backoff.next_seconds()

        bound = min(CAP_SECONDS, BASE_SECONDS * 2 ** min(failures, 10))
        assert backoff.next_seconds() == part * bound

    def test_good_service_makes_the_next_failure_the_first(self) -> None:
        backoff = Backoff(lambda: 1.0)
        backoff.next_seconds()
        backoff.begin_again()

        assert backoff.next_seconds() == BASE_SECONDS


class TestReach:
    def test_failures_over_10_s_make_a_path_unreachable(self) -> None:
        reach = Reach()
        assert not reach.note_failure("edge", now=0)
        assert not reach.note_failure("edge", now=LASTING_SECONDS - 1)
        assert reach.avoided(now=LASTING_SECONDS) is None
        assert reach.note_failure("edge", now=LASTING_SECONDS)

        assert reach.avoided(now=LASTING_SECONDS) == "edge"
        assert not reach.is_unreachable("aws", now=LASTING_SECONDS)
        assert not reach.note_failure("edge", now=LASTING_SECONDS + 1)  # it was before

    def test_single_failures_far_apart_are_single_ones(self) -> None:
        reach = Reach()
        reach.note_failure("edge", now=0)
        reach.note_failure("edge", now=UNREACHABLE_SECONDS)

        assert reach.avoided(now=UNREACHABLE_SECONDS) is None

    def test_service_between_two_failures_makes_them_single_ones(self) -> None:
        reach = Reach()
        reach.note_failure("edge", now=0)
        reach.note_service("edge")
        reach.note_failure("edge", now=LASTING_SECONDS)

        assert reach.avoided(now=LASTING_SECONDS) is None

    def test_path_is_tried_again_after_a_while(self) -> None:
        reach = Reach()
        reach.note_failure("edge", now=0)
        reach.note_failure("edge", now=LASTING_SECONDS)

        assert reach.avoided(now=LASTING_SECONDS + UNREACHABLE_SECONDS - 1) == "edge"
        assert reach.avoided(now=LASTING_SECONDS + UNREACHABLE_SECONDS) is None

    def test_path_that_failed_last_is_avoided(self) -> None:
        reach = Reach()
        for path in ("edge", "aws"):
            reach.note_failure(path, now=0)
        for path in ("edge", "aws"):
            reach.note_failure(path, now=LASTING_SECONDS)

        assert reach.avoided(now=LASTING_SECONDS) == "aws"


class TestIds:
    @pytest.mark.parametrize("bound", IDS["firstOfSecond"], ids=lambda bound: bound["id"])
    def test_second_begins_at_its_smallest_id(self, bound: dict[str, Any]) -> None:
        assert id_at(bound["timestamp"]) == bound["id"]

    @pytest.mark.parametrize("id_", IDS["ascending"])
    def test_read_begins_below_what_may_have_come_late(self, id_: str) -> None:
        assert read_from(id_) == id_at(int(id_[:10]) - LATE_SECONDS) < id_

    @pytest.mark.parametrize("id_", IDS["invalid"])
    def test_invalid_id_is_no_update(self, id_: str) -> None:
        with pytest.raises(ValueError, match="no update"):
            parse_update({**an_update(1), "price": 1, "id": id_})


class TestWire:
    def parse(self, name: str) -> object:
        every = [*MESSAGES["messages"], *MOVES["moved"]]
        (message,) = (each["message"] for each in every if each["name"] == name)
        return parse_message(json.dumps(message))

    def route(self, name: str) -> Route:
        moved = self.parse(name)
        assert isinstance(moved, Moved)
        assert moved.route is not None
        return moved.route

    def test_messages_are_those_of_the_golden_file(self) -> None:
        gaps = [
            each["message"] for each in MESSAGES["messages"] if each["message"].get("type") == "GAP"
        ]
        assert [parse_message(json.dumps(gap)) for gap in gaps] == [
            Gap(gap.get("token"), gap["after"]) for gap in gaps
        ]
        assert gaps
        moved = self.parse("to the edge")
        assert isinstance(moved, Moved)
        assert (moved.path, moved.jitter_ms) == ("edge", 4_000)
        assert moved.after == "1750000000-000300000000-abc"

    def test_what_is_said_is_that_of_the_golden_file(self) -> None:
        said = {each["name"]: each["message"] for each in MESSAGES["messages"]}
        pings = {"edge": said["ping, edge"], "aws": said["ping, of many tokens"]}
        for name, protocols in PROTOCOLS.items():
            assert [each.ping for each in protocols] == [pings[name]] * 2
        subscribe = self.route("to AWS").one.protocol.subscribe
        assert subscribe is not None
        asked = wish("SOL", "1750000000-000300000000-abc", "latest")
        assert {**subscribe, **asked} == said["subscribe"]

    def test_cursor_and_delivery_join_the_edges_url(self) -> None:
        room = self.route("to the edge").one

        assert room.protocol.subscribe is None
        asked = url_for_one(room.url, ids(1)[0], "latest")
        assert asked.endswith(f"/ws/SOL?after={ids(1)[0]}&delivery=latest")

    def test_socket_of_many_tokens_is_in_the_move_where_the_stack_says_it(self) -> None:
        (moved,) = (each["message"] for each in MOVES["moved"] if each["name"] == "to the edge")
        live_url = "wss://prices.example.com/live"

        told = parse_message(json.dumps({**moved, "liveUrl": live_url}))
        not_told = parse_message(
            json.dumps({key: value for key, value in moved.items() if key != "liveUrl"})
        )

        assert isinstance(told, Moved)
        assert isinstance(not_told, Moved)
        assert told.route is not None
        assert told.route.live is not None
        assert told.route.live.url == live_url
        assert told.route.live.protocol.subscribe == {"action": "subscribePrice"}
        assert not_told.route is not None
        assert not_told.route.live is None

    @pytest.mark.parametrize("text", ["[]", "nothing", '{"type":"PRICE_UPDATE","price":"1"}'])
    def test_what_is_no_message_is_an_error(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"no |Expecting"):
            parse_message(text)

    def test_path_that_only_the_stack_knows_is_a_route_if_it_says_how_to_speak_there(self) -> None:
        ping: dict[str, str] = {}
        protocol = {"subscribe": None, "ping": ping, "pingMs": 1, "maxAgeMs": None}
        answer = {"path": "moon", "url": "wss://x", "protocol": protocol, "recheckMs": None}
        assert parse_route(answer).path == "moon"
        with pytest.raises(ValueError, match="no protocol"):
            parse_route({**answer, "protocol": {}})
