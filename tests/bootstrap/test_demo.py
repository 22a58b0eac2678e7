"""What the demo sends and prints."""

import json
import subprocess
from typing import cast

from local.clients import Endpoints
from local.demo import how_to_go_on
from local.trades import simple_trade

ENDPOINTS = Endpoints(
    webhook_url="http://127.0.0.1:4566/_aws/execute-api/abc/webhook/price",
    rest_url="http://127.0.0.1:4566/_aws/execute-api/abc",
    websocket_url="ws://127.0.0.1:4566/_aws/execute-api/def/live",
    edge_url="http://127.0.0.1:8787",
    webhook_key="the key",
    helius_url="http://127.0.0.1:4567",
)


def test_each_run_sends_a_trade_that_was_never_seen() -> None:
    assert simple_trade(1).signature != simple_trade(1).signature


def test_key_is_not_printed() -> None:
    assert ENDPOINTS.webhook_key not in how_to_go_on(ENDPOINTS)


def test_printed_curl_line_sends_what_the_webhook_takes() -> None:
    lines = how_to_go_on(ENDPOINTS).splitlines()
    (line,) = [line for line in lines if "webhook/price" in line]
    # A stand-in for the program curl shows what the shell makes of the line.
    shown = subprocess.run(
        ["bash", "-c", f"KEY=the-key; curl() {{ printf '%s\\n' \"$@\"; }}; {line}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert ENDPOINTS.webhook_url in shown
    assert "Authorization: Bearer the-key" in shown
    body = cast("dict[str, object]", json.loads(shown[-1]))
    assert body["type"] == "SWAP"
    assert str(body["timestamp"]) in str(body["txSignature"])
