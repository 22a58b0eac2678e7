"""What the demo sends and prints."""

import json
import subprocess
from typing import cast

from local.clients import Endpoints
from local.demo import how_to_go_on
from local.trades import SWAP, real_swap, simple_trade

ENDPOINTS = Endpoints(
    webhook_url="http://127.0.0.1:4566/_aws/execute-api/abc/webhook/price",
    rest_url="http://127.0.0.1:4566/_aws/execute-api/abc",
    websocket_url="ws://127.0.0.1:4566/_aws/execute-api/def/live",
    edge_url="http://127.0.0.1:8787",
    webhook_key="the key",
)


def test_real_body_differs_from_the_sample_in_signature_and_time_alone() -> None:
    (sample,) = cast("list[dict[str, object]]", json.loads(SWAP.read_text()))
    (sent,) = cast("list[dict[str, object]]", real_swap(1_790_000_000).body)
    changed = {field for field in sample if sent[field] != sample[field]}
    assert changed == {"signature", "timestamp"}
    assert sent.keys() == sample.keys()


def test_each_run_sends_trades_that_were_never_seen() -> None:
    assert real_swap(1).signature != real_swap(1).signature
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
