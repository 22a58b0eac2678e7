"""Prices in US dollars on a deployed stack, from the stand-in for Jupiter to the client."""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from botocore.session import Session

from local.cloud import LocalCloud
from local.stack import LocalStack
from tests.local.aws import Aws
from tests.local.wire import Listeners, Wire, a_trade, wait_for

BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
KEY = "a-key-of-jupiter-0123456789"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("usd"), aws_port=0, worker_port=0) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def stack(cloud: LocalCloud) -> LocalStack:
    stack = LocalStack(cloud)
    stack.prepare()
    stack.config_set("USE_EDGE_BROADCAST", "false")
    stack.config_set("JupiterApiKey", KEY, secret=True)
    stack.config_set("tokens", json.dumps({"BONK": BONK, "TRADED": "TRADED"}))
    stack.up()
    return stack


@pytest.fixture(scope="module")
def outputs(stack: LocalStack) -> dict[str, Any]:
    return stack.outputs()


@pytest.fixture(scope="module")
def wire(stack: LocalStack, outputs: dict[str, Any]) -> Wire:
    return Wire(outputs["RestApiUrl"], outputs["WebSocketUrl"], stack.webhook_key())


@pytest.fixture(scope="module")
def aws(cloud: LocalCloud) -> Aws:
    return Aws(Session(), cloud.aws_url)


@pytest.fixture
async def listeners(wire: Wire) -> AsyncIterator[Listeners]:
    async with Listeners(wire) as opened:
        yield opened


@pytest.mark.timeout(300)
async def test_quiet_token_and_trade_arrive_with_their_price_in_dollars(
    cloud: LocalCloud,
    wire: Wire,
    aws: Aws,
    outputs: dict[str, Any],
    listeners: Listeners,
) -> None:
    """The schedule itself calls the function: nobody else does."""
    quiet = await listeners.subscribed(BONK)
    traded = await listeners.subscribed("TRADED")
    url = f"{cloud.jupiter_url}/price/v3?ids={BONK}"
    shown = (await asyncio.to_thread(httpx.get, url)).json()[BONK]

    await asyncio.to_thread(_wait_for_the_schedule, aws, outputs["RoutesTableName"])
    await quiet.hear(lambda heard: bool(heard.updates), "the quote")
    (quote,) = quiet.updates[:1]
    trade = a_trade()
    wire.send(trade, token="TRADED")
    update = await traded.hear_trade(trade)

    assert (quote["source"], quote["txSignature"]) == ("jupiter", f"jupiter{quote['slot']}")
    assert math.isclose(quote["priceUsd"], shown["usdPrice"], rel_tol=0.01)
    sol_usd = quote["priceUsd"] / quote["price"]
    assert 0 < time.time() - quote["timestamp"] - 10 < 120
    assert math.isclose(update["priceUsd"], update["price"] * sol_usd, rel_tol=0.01)
    assert "source" not in update
    assert wire.get(f"/tokens/{BONK}/price").json()["source"] == "jupiter"
    written = [file for file in cloud.root.rglob("*") if file.is_file() and holds_key(file)]
    assert written == []


def _wait_for_the_schedule(aws: Aws, table: str) -> None:
    """It calls a minute after it was made, at the earliest."""
    wait_for(
        lambda: aws.client("dynamodb").get_item(TableName=table, Key={"id": {"S": "SOL_USD"}}),
        lambda answer: "Item" in answer,
        "SOL/USD",
        seconds=180,
    )


def holds_key(file: Any) -> bool:
    """Whether Jupiter's key is in a log, or in the stack's state. It is handed to one function, whose
    environment the emulator has to keep."""
    is_ours = file.suffix == ".log" or "state" in file.parts or file.name.startswith("Pulumi.")
    return is_ours and KEY.encode() in file.read_bytes()
