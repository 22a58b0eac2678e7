"""What `python -m ops trace` says of a trade's way, by what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from io import StringIO

import pytest
from rich.console import Console

from functions.glow.prices.row import Arrival
from functions.glow.update import Update
from ops.logs.line import Line, function_line, worker_line
from ops.trace.command import show
from ops.trace.step import Step
from ops.trace.way import Evidence, steps_of

SECOND = 1_750_000_000
UPDATE = Update("MINT", Decimal("0.5"), SECOND, 300, "signature")
ROW = Arrival(UPDATE, SECOND * 1_000 + 400)


def a_line(event: str, at_ms: float, *, request: str = "r1", **fields: object) -> Line:
    return Line(
        at_ms=SECOND * 1_000 + at_ms,
        source="webhook",
        event=event,
        request_id=request,
        fields=fields,
    )


def named(event: str, at_ms: float) -> Line:
    return a_line(event, at_ms, token="MINT", id=UPDATE.id, txSignature="signature")


PUBLISHED: dict[str, object] = {"Published.aws": 1, "Published.edge": 1}
ANSWERED = Line(
    at_ms=SECOND * 1_000 + 500,
    source="webhook",
    event="webhook_answered",
    request_id="r1",
    fields={"WebhookTime": 150.0, "EdgePostTime": 40.0, **PUBLISHED},
)
FAN_OUT = a_line(
    "fan_out_done", 700, request="r2", token="MINT", ids=[UPDATE.id], posted=12, gone=1
)
WHOLE = Evidence(
    token="MINT",
    signature="signature",
    row=ROW,
    carried=frozenset({"aws", "edge"}),
    webhook=[named("trade_stored", 490), ANSWERED],
    fan_outs=[FAN_OUT],
)


def step(evidence: Evidence, name: str) -> Step:
    (found,) = (each for each in steps_of(evidence) if each.name == name)
    return found


def test_way_of_a_trade_is_told_in_order_with_times() -> None:
    told = [
        (each.name, each.state, each.at_ms and each.at_ms - SECOND * 1_000)
        for each in steps_of(WHOLE)
    ]

    assert told == [
        ("traded", "done", 0),
        ("received", "done", 350),
        ("stored", "done", 400),
        ("published on aws", "done", 500),
        ("delivered on aws", "done", 700),
        ("published on edge", "done", 500),
        ("delivered on edge", "done", 500),
    ]
    assert step(WHOLE, "delivered on aws").seen == "posted to 12 connections, 1 gone"
    assert "took 40 ms" in step(WHOLE, "published on edge").seen


def test_trade_that_helius_sent_again_is_received_once_and_again() -> None:
    again = replace(ANSWERED, request_id="r9", at_ms=ANSWERED.at_ms + 1_000)

    received = step(replace(WHOLE, webhook=[*WHOLE.webhook, again]), "received")

    assert received.seen.endswith("; came 2 times")
    assert received.at_ms == SECOND * 1_000 + 350


@pytest.mark.parametrize(
    ("webhook", "cause"),
    [
        ([], "the webhook has not taken it"),
        ([named("trade_not_stored", 400)], "the price table did not answer"),
        ([named("trade_id_taken", 400)], "another transaction"),
        ([named("trade_stored", 400), ANSWERED], "its row has expired"),
    ],
)
def test_trade_without_a_row_is_said_not_to_be_stored_and_why(
    webhook: Sequence[Line], cause: str
) -> None:
    stored = step(replace(WHOLE, row=None, webhook=webhook), "stored")

    assert (stored.state, stored.seen) == ("missing", "not stored")
    assert cause in stored.cause


def test_suspect_waits_and_is_not_published() -> None:
    row = replace(ROW, jumped_from=Decimal("0.01"))
    answered = replace(ANSWERED, fields={"WebhookTime": 9.0})
    evidence = replace(
        WHOLE, row=row, webhook=[named("trade_suspected", 400), answered], fan_outs=[]
    )

    assert step(evidence, "stored").state == "waiting"
    assert step(evidence, "published on aws").cause == "suspects are not published"


def test_trade_that_no_log_names_any_more_is_still_told_by_its_row() -> None:
    evidence = replace(WHOLE, webhook=[], fan_outs=[])

    assert step(evidence, "stored").state == "done"
    assert "logRetentionDays" in step(evidence, "received").cause
    assert step(evidence, "published on aws").state == "missing"


def test_price_that_was_never_posted_is_not_said_to_be_missing() -> None:
    row = replace(ROW, update=replace(UPDATE, source="backfill"))

    received = step(replace(WHOLE, row=row, webhook=[]), "received")

    assert received.state == "done"
    assert "backfill" in received.seen


def test_update_that_nobody_fanned_out_is_missing_with_where_to_look() -> None:
    delivered = step(replace(WHOLE, fan_outs=[]), "delivered on aws")

    assert delivered.state == "missing"
    assert "ops status" in delivered.cause


def test_fan_out_that_failed_waits_with_its_reason() -> None:
    failed = a_line("fan_out_failed", 600, ids=[UPDATE.id], reason="the table did not answer")

    delivered = step(replace(WHOLE, fan_outs=[failed]), "delivered on aws")

    assert (delivered.state, delivered.cause) == ("waiting", "the table did not answer")


def test_update_that_the_edge_took_only_later_says_when_and_why() -> None:
    refused = a_line("updates_not_taken", 480, token="MINT", reason="HTTP 401")
    others = a_line("updates_not_taken", 480, token="OTHER", reason="HTTP 413")
    taken = a_line("updates_redelivered", 2_000, request="r3", token="MINT")
    at_once = replace(WHOLE, webhook=[*WHOLE.webhook, others])
    waiting = replace(WHOLE, webhook=[*WHOLE.webhook, others, refused])

    assert step(at_once, "delivered on edge").seen == "the room took it"
    assert step(waiting, "delivered on edge").cause == "HTTP 401"
    later = step(replace(waiting, retries=[taken]), "delivered on edge")
    assert (later.state, later.at_ms) == ("done", taken.at_ms)
    assert "HTTP 401" in later.seen


def test_table_is_followed_by_the_causes() -> None:
    out = StringIO()

    show({"MINT": steps_of(replace(WHOLE, fan_outs=[]))}, Console(file=out, width=120))

    text = out.getvalue()
    assert "15:06:40.400" in text
    assert "+400 ms" in text
    assert "delivered on aws: no line of BroadcastWorker names it" in text


def test_lines_are_read_as_lambda_writes_them() -> None:
    line = function_line(
        "webhook",
        1.0,
        '{"timestamp": "2025-06-15T15:06:40.123Z", "level": "INFO", "message": "trade_stored",'
        ' "logger": "glow", "requestId": "r1", "token": "MINT", "ids": ["a", "b"]}',
    )

    assert line is not None
    assert (line.at_ms, line.event, line.request_id) == (SECOND * 1_000 + 123, "trade_stored", "r1")
    assert line.fields == {"token": "MINT", "ids": ["a", "b"]}
    assert line.names("b")
    assert not line.names("trade_stored")


@pytest.mark.parametrize("text", ["START RequestId: r1", "[1]", '{"type": "platform.report"}', "{"])
def test_lines_of_the_platform_are_no_events(text: str) -> None:
    assert function_line("webhook", 1.0, text) is None


def test_lines_of_the_worker_have_its_own_form() -> None:
    line = worker_line(5.0, '{"event": "room_unavailable", "token": "MINT"}')

    assert (line.source, line.event, line.fields) == (
        "worker",
        "room_unavailable",
        {"token": "MINT"},
    )
    assert worker_line(5.0, "plain text").event == "plain text"
