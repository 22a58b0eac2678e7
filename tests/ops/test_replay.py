"""`python -m ops replay`: what a recording holds, and that it is posted as Helius posts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.glow.trades.parse import MAX_BODY_BYTES
from ops.replay.bodies import Body, parse_recording
from ops.replay.delivery import Tally, post_all
from ops.replay.delivery import Webhook as Address
from tests.ops.webhook import Post, Webhook
from workspace.helius import RETRIES
from workspace.paths import REPOSITORY

SAMPLES = sorted((REPOSITORY / "tests" / "data" / "helius").glob("*.json"))


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as webhook:
        yield webhook


async def posted(webhook: Webhook, *contents: bytes) -> Tally:
    address = Address(url=f"{webhook.url}/webhook/price", secret="a-secret", token="MINT")
    bodies = [Body(line, content) for line, content in enumerate(contents, start=1)]
    done: list[int] = []
    tally = await post_all(
        bodies, address, per_second=1_000, note=lambda: done.append(1), pause_seconds=0
    )
    assert len(done) == len(bodies)
    return tally


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_recorded_body_of_helius_is_one_body(sample: Path) -> None:
    recording = parse_recording(sample.read_bytes())

    assert [json.loads(body.content) for body in recording.bodies] == [
        json.loads(sample.read_bytes())
    ]
    assert recording.faults == []


def test_lines_are_bodies_and_bad_ones_are_named() -> None:
    too_long = b'["' + b"x" * MAX_BODY_BYTES + b'"]'
    lines = [b"[]", b"", b"{", b'{"type": "SWAP"}', b'"text"', too_long, b"\xff", b"[" * 100_000]

    recording = parse_recording(b"\n".join(lines))

    assert [body.line for body in recording.bodies] == [1, 4]
    assert [fault.line for fault in recording.faults] == [3, 5, 6, 7, 8]
    whys = [fault.why for fault in recording.faults]
    assert whys[0].startswith("no JSON")
    assert whys[1].endswith("got a str")
    assert str(MAX_BODY_BYTES) in whys[2]


async def test_every_body_is_posted_with_the_secret(webhook: Webhook) -> None:
    tally = await posted(webhook, b"[1]", b"[2]")

    assert (tally.accepted, tally.stored, tally.faults) == (2, 2, [])
    assert sorted(post.body for post in webhook.posts) == [b"[1]", b"[2]"]
    headers = webhook.posts[0].headers
    assert (headers["authorization"], headers["x-token"]) == ("Bearer a-secret", "MINT")
    assert "a-secret" not in repr(Address(url="u", secret="a-secret"))


async def test_answers_and_receipts_are_counted(webhook: Webhook) -> None:
    receipt = {"stored": 2, "duplicates": 1, "skipped": [{"reason": "suspect"}]}
    webhook.answer = lambda _post: (200, receipt)

    tally = await posted(webhook, b"[1]", b"[2]")

    assert tally.to_dict() == {
        "accepted": 2,
        "answers": {"200": 2},
        "stored": 4,
        "duplicates": 2,
        "skipped": {"suspect": 2},
        "faults": [],
    }


async def test_body_that_is_not_taken_at_once_is_sent_again(webhook: Webhook) -> None:
    webhook.answer = lambda _post: (503, {}) if len(webhook.posts) < 3 else (200, {"stored": 1})

    tally = await posted(webhook, b"[1]")

    assert dict(tally.answers) == {"503": 2, "200": 1}
    assert (tally.accepted, tally.faults) == (1, [])


async def test_body_that_is_never_taken_is_named_by_its_line(webhook: Webhook) -> None:
    def refuse_second(post: Post) -> tuple[int, object]:
        return (400, {"error": "no price"}) if post.body == b"[2]" else (200, {"stored": 1})

    webhook.answer = refuse_second

    tally = await posted(webhook, b"[1]", b"[2]")

    (fault,) = tally.faults
    assert fault.line == 2
    assert "no price" in fault.why
    assert tally.answers["400"] == 1 + RETRIES


async def test_who_may_not_post_does_not_try_again(webhook: Webhook) -> None:
    webhook.answer = lambda _post: (403, {})

    tally = await posted(webhook, b"[1]")

    assert dict(tally.answers) == {"403": 1}


async def test_webhook_that_is_not_there_is_counted_by_the_error() -> None:
    with Webhook() as gone:
        pass

    tally = await posted(gone, b"[1]")

    assert dict(tally.answers) == {"ConnectError": 1 + RETRIES}
    assert tally.accepted == 0
