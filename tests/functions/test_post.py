"""Posts to connections: the pool, and what an answer means."""

import asyncio
import json
import socket

import pytest

from functions.glow.sockets import post
from functions.glow.sockets.delivery import MAX_TRIES, close, deliver
from functions.glow.sockets.post import MAX_CONCURRENT_POSTS, ConnectionPoster, Outcome, Payload
from functions.glow.sockets.rate_guard import RateGuard
from tests.functions.cloud import REGION
from tests.functions.conftest import CREDENTIALS
from tests.functions.endpoint import NEVER, Endpoint

HELLO = Payload.of('{"type":"pong"}')


async def test_message_arrives_signed_at_the_encoded_id(
    poster: ConnectionPoster, endpoint: Endpoint
) -> None:
    assert await poster.post("L0SM9cOFvHcCIhw=", HELLO) is Outcome.POSTED

    assert endpoint.target == "/_aws/execute-api/abc123/prod/@connections/L0SM9cOFvHcCIhw%3D"
    assert json.loads(endpoint.received["L0SM9cOFvHcCIhw="][0]) == {"type": "pong"}
    assert endpoint.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=test/")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.POSTED),
        (410, Outcome.GONE),
        (429, Outcome.THROTTLED),
        (403, Outcome.REFUSED),
        (413, Outcome.REFUSED),
        (500, Outcome.FAILED),
        (503, Outcome.FAILED),
    ],
)
async def test_status_becomes_an_outcome(
    poster: ConnectionPoster, endpoint: Endpoint, status: int, outcome: Outcome
) -> None:
    endpoint.behaviour.statuses["*"] = status

    assert await poster.post("a", HELLO) is outcome


async def test_sockets_are_kept_and_bounded(poster: ConnectionPoster, endpoint: Endpoint) -> None:
    for _ in range(2):
        await asyncio.gather(*(poster.post(str(index), HELLO) for index in range(1_000)))

    assert len(endpoint.received) == 1_000
    assert endpoint.sockets <= MAX_CONCURRENT_POSTS


async def test_socket_that_the_server_closed_meanwhile_is_replaced_silently(
    poster: ConnectionPoster, endpoint: Endpoint
) -> None:
    endpoint.behaviour.closes_after = 1

    outcomes = [await poster.post("a", HELLO) for _ in range(5)]

    assert outcomes == [Outcome.POSTED] * 5
    assert endpoint.sockets == 5


async def test_endpoint_that_breaks_every_connection_has_failed(
    poster: ConnectionPoster, endpoint: Endpoint
) -> None:
    endpoint.behaviour.closes_after = 0

    assert await poster.post("a", HELLO) is Outcome.FAILED


async def test_endpoint_that_is_not_there_is_unreachable(unhurried: RateGuard) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/prod"
    poster = ConnectionPoster(url, CREDENTIALS, region=REGION, rate=unhurried)

    assert await poster.post("a", HELLO) is Outcome.UNREACHABLE


async def test_silence_has_failed_and_its_socket_is_not_used_again(
    poster: ConnectionPoster, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "POST_TIMEOUT_SECONDS", 0.05)
    endpoint.behaviour.statuses["slow"] = NEVER

    assert await poster.post("slow", HELLO) is Outcome.FAILED
    assert await poster.post("a", HELLO) is Outcome.POSTED
    assert endpoint.sockets == 2
    async with asyncio.timeout(5):
        while endpoint.open_sockets > 1:  # noqa: ASYNC110 - it is in another thread
            await asyncio.sleep(0.001)


async def test_throttled_message_is_delivered_when_the_rate_allows(
    poster: ConnectionPoster, endpoint: Endpoint
) -> None:
    endpoint.behaviour.statuses["a"] = 429
    endpoint.behaviour.recovers_after["a"] = MAX_TRIES - 1

    assert await deliver(poster, "a", [HELLO]) is Outcome.POSTED
    assert endpoint.tries["a"] == MAX_TRIES


async def test_messages_stop_at_the_first_that_fails(
    poster: ConnectionPoster, endpoint: Endpoint
) -> None:
    endpoint.behaviour.statuses["a"] = 500

    assert await deliver(poster, "a", [HELLO, HELLO]) is Outcome.FAILED
    assert endpoint.tries["a"] == MAX_TRIES


@pytest.mark.parametrize("status", [410, 403])
async def test_what_a_retry_cannot_mend_is_tried_once(
    poster: ConnectionPoster, endpoint: Endpoint, status: int
) -> None:
    endpoint.behaviour.statuses["a"] = status

    await deliver(poster, "a", [HELLO])

    assert endpoint.tries["a"] == 1


@pytest.mark.parametrize(("status", "is_closed"), [(204, True), (410, True), (403, False)])
async def test_socket_is_closed_by_delete(
    poster: ConnectionPoster, endpoint: Endpoint, status: int, is_closed: bool
) -> None:
    endpoint.behaviour.status_of_delete = status

    assert await close(poster, "a") is is_closed
    assert endpoint.closed == ["a"]
