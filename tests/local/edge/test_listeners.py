"""`listeners: token`, with a public key, on a stack of its own: who is let in, on both paths, and what no log says."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from local.cloud import LocalCloud
from local.stack import LocalStack
from tests.contract.access_tokens import made, public_pem
from tests.local.wire import Wire, a_trade

TOKEN = "LISTENED"


@pytest.fixture
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


def files_that_hold(folder: Path, text: str) -> list[str]:
    """All that the clouds have written lies there: logs, state, what is stored."""
    return [
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and text.encode() in file.read_bytes()
    ]
