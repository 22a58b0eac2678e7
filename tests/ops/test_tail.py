"""What `python -m ops tail` shows of the lines of both clouds."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator

import pytest
from botocore.stub import ANY, Stubber

from ops.deployed import logs_of
from ops.errors import OpsError
from ops.logs.functions import FunctionLogs
from ops.logs.line import Line
from ops.tail.command import text_of
from ops.tail.functions import FunctionTail
from ops.tail.stream import merged
from ops.tail.wanted import Wanted
from ops.tail.worker import CloudflareAccess, follow_worker, lines_of
from tests.ops.webhook import Webhook

QUEUE = "http://127.0.0.1:9/000000000000/later"
SIGNATURE = "5UfDuX7hXbPjGUpTmt9PHRLsNGJe4dEny"


def a_line(event: str, *, request: str = "", at_ms: float = 0, **fields: object) -> Line:
    return Line(at_ms=at_ms, source="webhook", event=event, request_id=request, fields=fields)


def test_without_a_wish_every_line_is_shown_in_order() -> None:
    late, early = a_line("late", at_ms=2), a_line("early", at_ms=1)

    assert Wanted(signature=None, token=None).of([late, early]) == [early, late]


def test_trade_is_found_by_signature_and_by_id_with_the_rest_of_its_request() -> None:
    stored = a_line("trade_stored", request="r1", at_ms=1, txSignature=SIGNATURE, token="MINT")
    answered = a_line("webhook_answered", request="r1", at_ms=2)
    fan_out = a_line("fan_out_done", request="r2", at_ms=3, ids=[f"1-2-{SIGNATURE[:16]}"])
    other = a_line("trade_stored", request="r3", at_ms=4, txSignature="other", token="MINT")
    wanted = Wanted(signature=SIGNATURE, token=None)

    assert wanted.of([stored, answered, fan_out, other]) == [stored, answered, fan_out]
    assert wanted.of([a_line("later", request="r1")]) != []
    assert wanted.of([a_line("later", request="r3")]) == []


def test_token_is_found_in_the_lines_of_both_clouds() -> None:
    ours, others = a_line("fan_out_done", token="MINT"), a_line("fan_out_done", token="OTHER")

    assert Wanted(signature=None, token="MINT").of([ours, others]) == [ours]


def test_line_shows_time_source_event_and_fields() -> None:
    line = a_line("trade_stored", at_ms=1_750_000_000_123, token="MINT", ids=["a"])

    assert text_of(line) == '15:06:40.123 webhook trade_stored token=MINT ids=["a"]'


def test_line_that_two_looks_find_is_shown_once() -> None:
    client = logs_of(QUEUE)
    tail = FunctionTail(FunctionLogs(client, {"webhook": "glow-dev-Webhook"}), since_ms=0)

    def event(id_: str) -> dict[str, object]:
        text = json.dumps({"message": f"event_{id_}"})
        return {"eventId": id_, "timestamp": 4_000_000_000_000, "message": text}

    with Stubber(client) as stubbed:
        for ids in (["1", "2"], ["2", "3"]):
            stubbed.add_response(
                "filter_log_events",
                {"events": [event(id_) for id_ in ids]},
                {
                    "logGroupName": "/aws/lambda/glow-dev-Webhook",
                    "startTime": ANY,
                    "endTime": ANY,
                    "filterPattern": "",
                },
            )
        found = [[line.event for line in tail.look()] for _ in range(2)]

    assert found == [["event_1", "event_2"], ["event_3"]]


def test_log_that_may_not_be_read_names_the_right() -> None:
    client = logs_of(QUEUE)
    logs = FunctionLogs(client, {"webhook": "glow-dev-Webhook"})

    with Stubber(client) as stubbed:
        stubbed.add_client_error("filter_log_events", "AccessDeniedException")
        with pytest.raises(OpsError, match="logs:FilterLogEvents"):
            list(logs.events("webhook", since_ms=0, until_ms=1))


def test_function_that_has_not_logged_yet_has_no_lines() -> None:
    client = logs_of(QUEUE)
    logs = FunctionLogs(client, {"webhook": "glow-dev-Webhook"})

    with Stubber(client) as stubbed:
        stubbed.add_client_error("filter_log_events", "ResourceNotFoundException")
        assert list(logs.events("webhook", since_ms=0, until_ms=1)) == []


def test_tail_of_cloudflare_has_logs_and_exceptions() -> None:
    message = {
        "logs": [{"message": ['{"event":"moved","tokens":2}'], "level": "log", "timestamp": 7}],
        "exceptions": [{"name": "Error", "message": "boom", "timestamp": 8}],
    }

    moved, thrown = lines_of(json.dumps(message))

    assert (moved.event, moved.fields, moved.at_ms) == ("moved", {"tokens": 2}, 7)
    assert (thrown.event, thrown.level, thrown.fields["error"]) == ("exception", "ERROR", "boom")


@pytest.fixture
def api() -> Iterator[Webhook]:
    with Webhook() as api:
        yield api


async def test_token_without_the_right_is_told_which_one_it_lacks(api: Webhook) -> None:
    api.answer = lambda _post: (403, {"errors": [{"code": 10000}]})
    access = CloudflareAccess(
        api=api.url, account_id="an-account", script="glow-broadcast-dev", token="a-token"
    )

    with pytest.raises(OpsError, match=r"Account · Workers Tail · Read") as refusal:
        await anext(follow_worker(access))

    assert api.posts[0].path == "/accounts/an-account/workers/scripts/glow-broadcast-dev/tails"
    assert "a-token" not in f"{refusal.value}{access}"


async def test_source_that_fails_is_told_and_the_other_goes_on() -> None:
    told: list[OpsError] = []

    async def fails() -> AsyncIterator[list[Line]]:
        raise OpsError("denied")
        yield []  # it is a generator

    async def works() -> AsyncIterator[list[Line]]:
        yield [a_line("one")]

    found = [lines async for lines in merged([fails(), works()], lost=told.append)]

    assert [[line.event for line in lines] for lines in found] == [["one"]]
    assert [str(error) for error in told] == ["denied"]
