"""The local Helius posts as the real one does, and refuses what that refuses."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.glow.trades.parse import parse_webhook
from local.helius.delivery import deliver, is_for
from local.helius.recordings import swap, swap_mint
from local.helius.webhooks import Refusal, Webhooks
from tests.provider.helius import KEY, helius

NOW = 1_790_000_000


class _Receiver(http.server.BaseHTTPRequestHandler):
    """Answers with the next of `statuses`, and keeps what was posted."""

    statuses: list[int]
    posts: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posts.append((self.headers["Authorization"], body))
        self.send_response(self.statuses.pop(0))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002  the base's name


@pytest.fixture
def receiver() -> Iterator[Any]:
    handler: Any = type("Handler", (_Receiver,), {"statuses": [], "posts": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.02]).start()
        handler.url = f"http://127.0.0.1:{server.server_port}/webhook/price"
        yield handler
        server.shutdown()


def a_webhook(url: str = "https://example.com/hook", **fields: Any) -> dict[str, Any]:
    usual = {
        "webhookURL": url,
        "webhookType": "raw",
        "transactionTypes": ["ANY"],
        "accountAddresses": [swap_mint()],
        "authHeader": "Bearer the-secret",
    }
    return usual | fields


@pytest.mark.parametrize("form", ["raw", "enhanced"])
def test_both_forms_of_the_recorded_trade_have_the_same_new_id_and_price(form: str) -> None:
    recording = swap(NOW)
    sent = json.dumps(recording.body(form))
    parsed = parse_webhook(sent, x_token=None, tokens=frozenset(), now=NOW)

    (update,) = parsed.updates
    assert (update.token, update.tx_signature) == (swap_mint(), recording.signature)
    assert update.timestamp == NOW
    assert float(update.price) == pytest.approx(5.538127e-8, rel=1e-6)
    assert swap(NOW).signature != recording.signature


@pytest.mark.parametrize(
    ("statuses", "tries"),
    [
        ([200], [200]),
        ([503, 200], [503, 200]),
        ([401, 401, 200], [401, 401, 200]),
        ([500, 500, 500, 500, 200], [500, 500, 500, 500]),
        ([403, 200], [403]),
    ],
    ids=str,
)
def test_post_is_repeated_three_times_a_second_apart_except_after_403(
    receiver: Any, statuses: list[int], tries: list[int]
) -> None:
    receiver.statuses[:] = statuses
    pauses: list[float] = []
    webhook = a_webhook(receiver.url, webhookID="one")

    delivery = deliver(swap(NOW), webhook, sleep=pauses.append)

    assert delivery.tries == tries
    assert pauses == [1.0] * (len(tries) - 1)
    assert {secret for secret, _ in receiver.posts} == {"Bearer the-secret"}


@pytest.mark.parametrize(
    ("fields", "is_posted"),
    [
        ({}, True),
        ({"active": False}, False),
        ({"accountAddresses": ["another"]}, False),
        ({"transactionTypes": ["TRANSFER"]}, False),
        ({"transactionTypes": ["SWAP", "BUY"]}, True),
        ({"webhookType": "rawDevnet"}, False),
    ],
    ids=str,
)
def test_webhook_gets_what_it_watches(fields: dict[str, Any], *, is_posted: bool) -> None:
    assert is_for(a_webhook() | {"active": True} | fields, swap(NOW)) is is_posted


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        a_webhook(url="http://example.com/hook"),
        a_webhook(webhookType="bulk"),
        a_webhook(accountAddresses="all"),
        a_webhook(retries=9),
    ],
    ids=str,
)
def test_what_helius_would_not_take_is_refused(tmp_path: Path, body: object) -> None:
    webhooks = Webhooks(tmp_path / "helius.json")

    with pytest.raises(Refusal) as refused:
        webhooks.create(body)

    assert refused.value.status == 400
    assert webhooks.all() == []


def test_webhooks_outlive_a_restart(tmp_path: Path) -> None:
    made = Webhooks(tmp_path / "helius.json").create(a_webhook())

    assert Webhooks(tmp_path / "helius.json").all() == [made]


@pytest.mark.parametrize(
    ("method", "path", "key", "status"),
    [
        ("GET", "/v0/webhooks", KEY, 200),
        ("GET", "/v0/webhooks", "another", 401),
        ("POST", "/v0/webhooks", "", 401),
        ("GET", "/v0/webhooks/none", KEY, 404),
        ("DELETE", "/v0/webhooks/none", KEY, 404),
        ("GET", "/v1/webhooks", KEY, 404),
        ("PUT", "/v0/webhooks", KEY, 404),
    ],
)
def test_api_is_closed_without_the_key_and_knows_its_routes(
    tmp_path: Path, method: str, path: str, key: str, status: int
) -> None:
    with helius(tmp_path) as server:
        answer = httpx.request(method, f"{server.url}{path}", params={"api-key": key})

    assert answer.status_code == status
