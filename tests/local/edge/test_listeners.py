"""`listeners: token` on a stack of its own: who is let in, on both paths, and what no log says.

First with a public key, then with a secret. As nobody needs the stack's secrets afterwards, they are rotated on it.
"""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from botocore.session import Session
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from functions.glow.metrics import (
    ACCEPTED,
    DIMENSION,
    NAMESPACE,
    PREVIOUS_LISTENER_SECRET,
    Metric,
)
from local.cloud import LocalCloud
from local.stack import LocalStack
from ops.change import Operator
from ops.rotate.command import Done, take_step
from ops.rotate.rotation import Name
from ops.rotate.usage import Window
from tests.contract.access_tokens import made, public_pem
from tests.local.aws import Aws
from tests.local.wire import Wire, a_trade, wait_for

TOKEN = "LISTENED"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with LocalCloud(tmp_path_factory.mktemp("guarded"), aws_port=0, worker_port=0) as cloud:
        stack = LocalStack(cloud)
        stack.prepare()
        stack.config_set("USE_EDGE_BROADCAST", "true")
        stack.config_set("listeners", "token")
        stack.config_set("listenerPublicKey", public_pem("ES256"))
        stack.up()
        yield stack


def access_token(*tokens: str, now: float) -> str:
    claims = {"exp": {"in": 600}, "tokens": tokens}
    return made({"alg": "ES256", "by": "ecdsa", "key": "own", "claims": claims}, now=int(now))


def read(stack: Wire, path: str, shown: str | None) -> httpx.Response:
    headers = {} if shown is None else {"authorization": f"Bearer {shown}"}
    return httpx.get(f"{stack.rest_url}{path}", headers=headers, timeout=60)


async def say(socket: Any, message: object) -> Any:
    """Send a message; what follows it, but for the greeting."""
    await socket.send(json.dumps(message))
    while True:
        heard = json.loads(await socket.recv())
        if heard["type"] != "connected":
            return heard


async def hears(socket: Any, type_: str) -> Any:
    while True:
        heard = json.loads(await socket.recv())
        if heard["type"] == type_:
            return heard


@pytest.mark.timeout(900)
async def test_only_those_with_an_access_token_read_and_listen_and_no_log_has_it(
    guarded: LocalStack,
) -> None:
    outputs = guarded.outputs()
    wire = Wire(str(outputs["RestApiUrl"]), str(outputs["WebSocketUrl"]), guarded.webhook_key())
    shown = access_token(TOKEN, now=time.time())
    first, second = a_trade(), a_trade()
    wire.send(first, token=TOKEN)

    for path in (f"/tokens/{TOKEN}/price", f"/connect/{TOKEN}", f"/connect?tokens={TOKEN}"):
        assert read(wire, path, None).status_code == 401
        served = read(wire, path, shown)
        assert (served.status_code, served.headers["cache-control"]) == (200, "private, no-store")
    assert read(wire, "/tokens/OTHER/price", shown).status_code == 403
    assert read(wire, "/health/live", None).status_code == 200

    route = read(wire, f"/connect/{TOKEN}", shown).json()
    subscribe = {"action": "subscribePrice", "token": TOKEN}
    async with (
        connect(f"{route['url']}?access_token={shown}") as room,
        connect(route["live"]["url"]) as hub,
        connect(wire.websocket_url) as aws,
    ):
        assert (await hears(room, "PRICE_UPDATE"))["txSignature"] == first["txSignature"]
        for socket in (hub, aws):
            assert (await say(socket, subscribe))["code"] == "UNAUTHORIZED"
            authorized = await say(socket, {"action": "authorize", "token": shown})
            assert authorized["type"] == "AUTHORIZED"
            other = await say(socket, {"action": "subscribePrice", "token": "OTHER"})
            assert other["code"] == "FORBIDDEN_TOKEN"
        assert (await say(hub, subscribe))["type"] == "SUBSCRIBED"
        # The edge serves it; on AWS clients are still let in for as long as the change takes.
        assert (await say(aws, subscribe))["type"] in ("MOVED", "SUBSCRIBED")
        wire.send(second, token=TOKEN)
        for socket in (room, hub):
            while (await hears(socket, "PRICE_UPDATE"))["txSignature"] != second["txSignature"]:
                pass

    assert files_that_hold(guarded.cloud.root, shown.split(".")[2]) == []


class Operation:
    """`ops rotate-secret` of one secret, at moments of the test's own. Metrics are reported by hand, because
    the local CloudWatch makes none of logs."""

    def __init__(self, stack: LocalStack, name: Name) -> None:
        self._stack, self._name = stack, name
        self._metrics = Aws(Session(), stack.cloud.aws_url).client("cloudwatch")
        self._began = datetime.now(UTC)
        self.printed: list[str] = []

    @property
    def secret(self) -> str:
        return self._stack.config_get(f"glow:{self._name}")

    def step(self, *, after_hours: int, counted: Mapping[Metric, int]) -> Done:
        now = self._began + timedelta(hours=after_hours)
        for metric, value in counted.items():
            datum: Any = {
                "MetricName": metric.name,
                "Dimensions": [{"Name": DIMENSION, "Value": "glow-local"}],
                "Timestamp": now - timedelta(minutes=5),
                "Value": value,
            }
            self._metrics.put_metric_data(Namespace=NAMESPACE, MetricData=[datum])
        operator = Operator(say=self.printed.append, agrees=lambda: True)
        window = Window(now=now, minutes=15)
        done = take_step(self._stack.target, self._name, window, operator)
        self.printed.append(repr(done))
        return done

    def assert_no_word_of(self, *secrets: str) -> None:
        shown = self._stack.run("stack", "export") + "\n".join(self.printed)
        assert [secret for secret in secrets if secret in shown] == []


def red(done: Done) -> set[str]:
    return {finding.name for finding in done.findings if finding.state == "failed"}


async def statuses(wire: Wire, edge_url: str, secret: str) -> tuple[int, int]:
    """What a read on AWS and a socket at the edge answer to an access token that `secret` has signed."""
    claims = {"exp": int(time.time()) + 600, "tokens": [TOKEN]}
    shown = jwt.encode(claims, secret, algorithm="HS256")
    try:
        async with connect(f"{edge_url.replace('http', 'ws', 1)}/ws/{TOKEN}?access_token={shown}"):
            at_edge = 101
    except InvalidStatus as refused:
        at_edge = refused.response.status_code
    return read(wire, f"/tokens/{TOKEN}/price", shown).status_code, at_edge


@pytest.mark.timeout(600)
async def test_secret_of_access_tokens_is_rotated_and_no_listener_is_refused(
    guarded: LocalStack,
) -> None:
    outputs, old = guarded.outputs(), "the-listener-secret-that-is-to-be-rotated"
    wire = Wire(str(outputs["RestApiUrl"]), str(outputs["WebSocketUrl"]), guarded.webhook_key())
    edge_url = str(outputs["EdgeUrl"])
    guarded.run("config", "rm", "glow:listenerPublicKey")
    guarded.config_set("glow:ListenerSecret", old, secret=True)
    rotation = Operation(guarded, Name.LISTENER)
    by_previous = {PREVIOUS_LISTENER_SECRET: 2}

    begun = await asyncio.to_thread(rotation.step, after_hours=0, counted={})
    new = rotation.secret
    assert (begun.step, red(begun)) == ("begun", set())
    assert await statuses(wire, edge_url, new) == await statuses(wire, edge_url, old) == (200, 101)

    refused = await asyncio.to_thread(rotation.step, after_hours=1, counted=by_previous)
    assert (refused.step, red(refused)) == ("refused", {"the previous secret is not used"})
    assert await statuses(wire, edge_url, old) == (200, 101)

    ended = await asyncio.to_thread(rotation.step, after_hours=2, counted={})
    assert (ended.step, red(ended)) == ("ended", set())
    assert await statuses(wire, edge_url, new) == (200, 101)
    assert await statuses(wire, edge_url, old) == (401, 401)
    rotation.assert_no_word_of(old, new)


@pytest.mark.timeout(600)
def test_secret_of_the_webhook_is_rotated_and_no_trade_is_refused(guarded: LocalStack) -> None:
    outputs, rotation = guarded.outputs(), Operation(guarded, Name.WEBHOOK)
    old = rotation.secret
    wire = Wire(str(outputs["RestApiUrl"]), str(outputs["WebSocketUrl"]), old)

    def status(secret: str) -> int:
        trade = a_trade()
        return wait_for(  # a busy machine may have no time, and says 503
            lambda: wire.post(trade, token=TOKEN, key=secret).status_code,
            lambda answered: answered != 503,
            "an answer to a trade",
        )

    begun = rotation.step(after_hours=0, counted={})
    new = rotation.secret
    assert (begun.step, red(begun)) == ("begun", set())
    assert [status(new), status(old)] == [200, 200]

    silent = rotation.step(after_hours=1, counted={})
    assert (silent.step, red(silent)) == ("refused", {"the previous secret is not used"})
    assert [status(new), status(old)] == [200, 200]

    ended = rotation.step(after_hours=2, counted={ACCEPTED: 120})
    assert (ended.step, red(ended)) == ("ended", set())
    assert [status(new), status(old)] == [200, 401]
    rotation.assert_no_word_of(old, new)


def files_that_hold(folder: Path, text: str) -> list[str]:
    """All that the clouds have written lies there: logs, state, what is stored."""
    return [
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and text.encode() in file.read_bytes()
    ]
