"""The local Helius over HTTP: `/v0/webhooks` as the real one, and `/stand-in/swap` to make it post."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qs, urlsplit

from local.helius.delivery import deliver, is_for
from local.helius.recordings import swap
from local.helius.webhooks import Refusal, Webhooks
from workspace.ports import LOOPBACK

HOOKS: Final = "/v0/webhooks"
SWAP: Final = "/stand-in/swap"
"""POST: a recorded trade is made now, and posted to every webhook that watches it."""


class Server(ThreadingHTTPServer):
    """Answers on a port of the loopback; 0 is any. `key` is the one API key that it takes."""

    daemon_threads = True

    def __init__(self, port: int, *, webhooks: Webhooks, key: str) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.webhooks = webhooks
        self.key = key

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]  it serves no other

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's name
        """Log nothing: the lines would hold the key."""

    def _answer(self) -> None:
        url = urlsplit(self.path)
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            body: object = json.loads(sent) if sent else None
            status, answer = self._do(url.path.rstrip("/"), parse_qs(url.query), body)
        except ValueError:
            status, answer = 400, {"error": "the body is not JSON"}
        except Refusal as refusal:
            status, answer = refusal.status, {"error": str(refusal)}
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _do(self, path: str, query: dict[str, list[str]], body: object) -> tuple[int, object]:
        if (self.command, path) == ("POST", SWAP):
            return 200, self._swap()
        if query.get("api-key") != [self.server.key]:
            raise Refusal(401, "invalid api key provided")
        hooks = self.server.webhooks
        if path == HOOKS and self.command in {"GET", "POST"}:
            return (200, hooks.all()) if self.command == "GET" else (201, hooks.create(body))
        webhook_id = path.removeprefix(f"{HOOKS}/")
        of_one: dict[str, Callable[[], object]] = {
            "GET": lambda: hooks.get(webhook_id),
            "PUT": lambda: hooks.replace(webhook_id, body),
            "PATCH": lambda: hooks.toggle(webhook_id, body),
            "DELETE": lambda: hooks.delete(webhook_id),
        }
        if webhook_id == path or self.command not in of_one:
            raise Refusal(404, f"no {self.command} {path} here")
        return 200, of_one[self.command]()

    def _swap(self) -> object:
        """Make the trade and post it; answered when every post has been taken or lost."""
        recording = swap(int(time.time()))
        due = [hook for hook in self.server.webhooks.all() if is_for(hook, recording)]
        with ThreadPoolExecutor(max(1, len(due))) as threads:
            deliveries = list(threads.map(partial(deliver, recording), due))
        return {
            "signature": recording.signature,
            "deliveries": [asdict(each) | {"accepted": each.is_accepted} for each in deliveries],
        }
