"""The hasty client: two tries at most, and an end in time for Helius."""

import asyncio
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

from functions.glow.errors import NotAllowed, Unavailable
from functions.glow.runtime import aws
from functions.glow.runtime.deadline import deadline
from tests.functions.cloud import REGION

TIMEOUT_MS = 1_000  # what a busy machine takes for an answer is far less
ANSWER = (
    b"HTTP/1.1 %d X\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: %d\r\n\r\n%s"
)


@contextmanager
def server(statuses: list[int]) -> Generator[tuple[str, list[float]]]:
    """Answers with one of `statuses` after another; with nothing when there are no more."""
    loop = asyncio.new_event_loop()
    asked: list[float] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
            asked.append(time.monotonic())
            if statuses:
                writer.write(ANSWER % (statuses.pop(0), 2, b"{}"))

    async def serve_quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except asyncio.IncompleteReadError:
            writer.close()

    starting = asyncio.start_server(serve_quietly, "127.0.0.1", 0)
    started = loop.run_until_complete(starting)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{started.sockets[0].getsockname()[1]}", asked
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        started.close()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def list_tables(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client = aws.dynamodb(REGION, timeout_ms=TIMEOUT_MS)
    with aws.unavailable_unless_answered("the table"):
        client.list_tables()


def test_silence_is_unavailable_after_two_time_outs(monkeypatch: pytest.MonkeyPatch) -> None:
    with server([]) as (url, asked):
        started = time.monotonic()
        with pytest.raises(Unavailable):
            list_tables(url, monkeypatch)

    assert len(asked) == 2
    assert asked[1] - asked[0] < 2 * TIMEOUT_MS / 1000
    assert time.monotonic() - started < 5 * TIMEOUT_MS / 1000


def test_error_of_the_server_is_tried_again_almost_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with server([500, 200]) as (url, asked):
        list_tables(url, monkeypatch)

    assert asked[1] - asked[0] < TIMEOUT_MS / 1000


@pytest.mark.parametrize(
    ("left_seconds", "tries"),
    [
        pytest.param(0.0, 0, id="spent"),
        pytest.param(0.03, 1, id="too-little-for-a-second-try"),
        pytest.param(0.07, 2, id="enough-for-a-second-try"),
    ],
)
def test_what_is_tried_depends_on_what_the_deadline_leaves(
    monkeypatch: pytest.MonkeyPatch, left_seconds: float, tries: int
) -> None:
    with (
        server([500, 500, 500]) as (url, asked),
        deadline(left_seconds, clock=lambda: 100.0),
        pytest.raises(Unavailable),
    ):
        list_tables(url, monkeypatch)

    assert len(asked) == tries


def test_mistake_of_ours_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with server([400, 200]) as (url, asked), pytest.raises(Unavailable):
        list_tables(url, monkeypatch)

    assert len(asked) == 1


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])  # SQS, DynamoDB
def test_right_that_is_missing_is_told_apart(code: str) -> None:
    """Only that is worth waiting for while IAM does not know a new right yet."""
    with pytest.raises(NotAllowed), aws.unavailable_unless_answered("the table"):
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "UpdateItem")


def test_any_other_error_is_no_missing_right() -> None:
    with pytest.raises(Unavailable) as raised, aws.unavailable_unless_answered("the table"):
        raise ClientError({"Error": {"Code": "ValidationException", "Message": "no"}}, "UpdateItem")

    assert not isinstance(raised.value, NotAllowed)
