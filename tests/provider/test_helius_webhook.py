"""The webhook at Helius: made, taken over, changed, found changed, deleted."""

import base64
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic.dynamic import (
    serialize_provider,  # pyright: ignore[reportUnknownVariableType]  has no types
)

from components.helius.api import HeliusError
from components.helius.webhook import HeliusWebhookProvider
from local.helius.server import Server
from tests.provider.helius import KEY, URL, a_webhook, by_hand, helius, provider_for


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with helius(tmp_path) as server:
        yield server


@pytest.fixture
def provider(server: Server) -> HeliusWebhookProvider:
    return provider_for(server.url)


def registered(**fields: Any) -> dict[str, Any]:
    """A webhook at Helius that is as the stack wants it."""
    usual = {
        "wallet": "local",
        "active": True,
        "webhookURL": URL,
        "webhookType": "raw",
        "transactionTypes": ["ANY"],
        "accountAddresses": ["Mint111", "Mint222"],
        "authHeader": "Bearer what-the-webhook-expects",
        "txnStatus": "success",
    }
    return usual | fields


def test_new_webhook_is_registered_with_all_that_was_asked(
    server: Server, provider: HeliusWebhookProvider
) -> None:
    made = provider.create(a_webhook())

    assert server.webhooks.all() == [registered(webhookID=made.id)]


def test_webhook_with_the_same_url_is_taken_over_and_brought_in_line(
    server: Server, provider: HeliusWebhookProvider
) -> None:
    old = by_hand(server)

    made = provider.create(a_webhook())

    assert made.id == old
    assert server.webhooks.all() == [registered(webhookID=old)]


def test_of_two_with_the_same_url_one_is_left_and_others_are_let_alone(
    server: Server, provider: HeliusWebhookProvider
) -> None:
    switched_off = by_hand(server)
    server.webhooks.toggle(switched_off, {"active": False})
    posting = by_hand(server)
    elsewhere = by_hand(server, webhookURL="https://example.com/mine")

    made = provider.create(a_webhook())

    assert made.id == posting
    assert {each["webhookID"] for each in server.webhooks.all()} == {posting, elsewhere}


def test_create_that_was_cut_off_is_found_by_the_next_one(
    server: Server, provider: HeliusWebhookProvider
) -> None:
    first = provider.create(a_webhook())  # the engine died before it wrote this down

    assert provider.create(a_webhook()).id == first.id
    assert len(server.webhooks.all()) == 1


CHANGES = [
    pytest.param({"webhookUrl": "http://127.0.0.1:2/webhook/price"}, id="another-api"),
    pytest.param({"webhookType": "enhanced"}, id="type"),
    pytest.param({"transactionTypes": ["BUY", "SELL", "SWAP"]}, id="swaps-only"),
    pytest.param({"accountAddresses": ["Mint111"]}, id="one-token-less"),
    pytest.param({"authHeader": "Bearer the-rotated-secret"}, id="rotated-secret"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_change_is_seen_and_made_in_place(
    server: Server, provider: HeliusWebhookProvider, change: dict[str, Any]
) -> None:
    made = provider.create(a_webhook())
    news = a_webhook(**change)

    difference = provider.diff(made.id, made.outs or {}, news)
    outs = provider.update(made.id, made.outs or {}, news).outs or {}

    assert difference.changes
    assert not difference.replaces
    assert not provider.diff(made.id, outs, news).changes
    assert not provider.diff(made.id, provider.read(made.id, outs).outs or {}, news).changes


def test_nothing_changes_where_nothing_did(server: Server, provider: HeliusWebhookProvider) -> None:
    made = provider.create(a_webhook())
    read = provider.read(made.id, made.outs or {})

    assert read.outs == made.outs
    assert not provider.diff(made.id, made.outs or {}, a_webhook()).changes


DRIFTS: list[dict[str, Any]] = [
    {"webhookURL": "https://example.com/elsewhere"},
    {"webhookType": "enhanced"},
    {"transactionTypes": ["SWAP"]},
    {"accountAddresses": ["Mint111"]},
    {"accountAddresses": []},
    {"authHeader": "Bearer by-hand"},
    {"authHeader": "what-the-webhook-expects"},
]


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda drift: "-".join(map(str, drift.values())))
def test_what_was_changed_by_hand_is_found_by_a_refresh_and_mended(
    server: Server, provider: HeliusWebhookProvider, drift: dict[str, Any]
) -> None:
    made = provider.create(a_webhook())
    fields = {key: value for key, value in registered().items() if key not in {"wallet", "active"}}
    server.webhooks.replace(made.id, fields | drift)

    refreshed = provider.read(made.id, made.outs or {}).outs or {}
    assert provider.diff(made.id, refreshed, a_webhook()).changes
    provider.update(made.id, refreshed, a_webhook())

    assert server.webhooks.all() == [registered(webhookID=made.id)]


def test_webhook_that_helius_switched_off_is_found_by_a_refresh_and_switched_on(
    server: Server, provider: HeliusWebhookProvider
) -> None:
    made = provider.create(a_webhook())
    server.webhooks.toggle(made.id, {"active": False})

    refreshed = provider.read(made.id, made.outs or {}).outs or {}
    assert provider.diff(made.id, refreshed, a_webhook()).changes
    provider.update(made.id, refreshed, a_webhook())

    assert server.webhooks.all() == [registered(webhookID=made.id)]


def test_webhook_that_was_deleted_by_hand_is_gone_for_a_refresh(
    server: Server, provider: HeliusWebhookProvider
) -> None:
    made = provider.create(a_webhook())
    server.webhooks.delete(made.id)

    assert not provider.read(made.id, made.outs or {}).id
    with pytest.raises(HeliusError, match="pulumi refresh"):
        provider.update(made.id, made.outs or {}, a_webhook(webhookType="enhanced"))


def test_destroy_deletes_it_and_is_content_if_it_is_gone(
    server: Server, provider: HeliusWebhookProvider
) -> None:
    made = provider.create(a_webhook())
    other = by_hand(server, webhookURL="https://example.com/mine")

    for _ in range(2):
        provider.delete(made.id, made.outs or {})

    assert [each["webhookID"] for each in server.webhooks.all()] == [other]


def test_state_holds_neither_key_nor_secret(
    server: Server, provider: HeliusWebhookProvider
) -> None:
    made = provider.create(a_webhook())
    serialized = base64.b64decode(serialize_provider(HeliusWebhookProvider())).decode("latin-1")

    kept = json.dumps([made.outs, provider.read(made.id, made.outs or {}).outs]) + serialized

    assert "what-the-webhook-expects" not in kept
    assert KEY not in kept
    assert server.url not in kept


class _Broken(http.server.BaseHTTPRequestHandler):
    """Answers each request with the next of `answers`: status and body; None breaks the connection."""

    answers: list[tuple[int, str] | None]
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(f"{self.command} {self.path.partition('?')[0]}")
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.answers.pop(0)
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer[0])
        self.send_header("Content-Length", str(len(answer[1].encode())))
        self.end_headers()
        self.wfile.write(answer[1].encode())

    do_POST = do_GET  # noqa: N815  the base's name

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002  the base's name


@pytest.fixture
def broken() -> Iterator[Any]:
    handler: Any = type("Handler", (_Broken,), {"answers": [], "asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.02]).start()
        handler.url = f"http://127.0.0.1:{server.server_port}"
        yield handler
        server.shutdown()


ONE = json.dumps(registered(webhookID="one"))
BUSY: tuple[int, str] = (429, "slow down")

HOSTILE = [
    pytest.param([(401, f"invalid api key {KEY}")], "HeliusApiKey", id="wrong-key-echoed"),
    pytest.param([(403, "plan")], "answered 403", id="plan-that-may-not"),
    pytest.param([(400, "x" * 9_000)], "answered 400", id="long-refusal"),
    pytest.param([(302, "")], "answered 302", id="redirect"),
    pytest.param([(200, "<html>")], "no webhook", id="not-json"),
    pytest.param([(200, '{"webhookID": 7}')], "no webhook", id="another-shape"),
    pytest.param([(200, "[]")], "no webhook", id="list-for-one"),
    pytest.param([BUSY] * 4, "asked too often", id="busy-for-ever"),
    pytest.param([None] * 4, "did not answer", id="connection-breaks"),
]


@pytest.mark.parametrize(("answers", "told"), HOSTILE)
def test_answer_that_is_no_webhook_is_an_error_without_the_key(
    broken: Any, caplog: pytest.LogCaptureFixture, answers: list[Any], told: str
) -> None:
    broken.answers[:] = answers
    caplog.set_level("DEBUG")
    provider = provider_for(broken.url)

    with pytest.raises(HeliusError, match=told) as caught:
        provider.read("one", {})

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert KEY not in f"{caught.value}{caplog.text}"
    assert len(str(caught.value)) < 600
    assert not broken.answers


def test_busy_helius_is_asked_again(broken: Any) -> None:
    broken.answers[:] = [BUSY, (503, ""), None, (200, ONE)]

    assert provider_for(broken.url).read("one", {}).id == "one"


@pytest.mark.parametrize("answer", [None, (502, "")], ids=["breaks", "gateway"])
def test_create_of_which_nobody_knows_whether_it_was_done_is_not_sent_twice(
    broken: Any, answer: tuple[int, str] | None
) -> None:
    broken.answers[:] = [(200, "[]"), answer]

    with pytest.raises(HeliusError):
        provider_for(broken.url).create(a_webhook())

    assert broken.asked == ["GET /v0/webhooks", "POST /v0/webhooks"]


def test_refusal_that_quotes_the_body_tells_no_secret(broken: Any) -> None:
    body = a_webhook()
    broken.answers[:] = [(200, "[]"), (400, f"bad: {body['authHeader']}")]

    with pytest.raises(HeliusError, match="bad: <authHeader>"):
        provider_for(broken.url).create(body)


def test_what_helius_does_not_tell_is_no_drift(broken: Any) -> None:
    """Should it begin to mask the secret, or to leave fields out, nothing is changed for ever."""
    told = {"webhookID": "one", "webhookURL": URL, "wallet": "w", "news": 1}
    broken.answers[:] = [(200, "[]"), (201, json.dumps(told)), (200, json.dumps(told))]
    provider = provider_for(broken.url)
    made = provider.create(a_webhook())

    refreshed = provider.read(made.id, made.outs or {}).outs or {}

    assert not provider.diff(made.id, refreshed, a_webhook()).changes
