"""An RPC node that answers what a test says."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from tests.serving import serving

KEY: Final = "key-of-the-node-0123456789"
RECORDED: Final = Path(__file__).parents[1] / "data" / "helius"

Reply = tuple[int, bytes] | None
"""HTTP's status and the body; None: the connection breaks."""


class Node(ThreadingHTTPServer):
    """`replies` by signature, each for one request; the last one stays. `asked` are the requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: defaultdict[str, list[Reply]] = defaultdict(lambda: [result(None)])
        self.asked: list[Mapping[str, Any]] = []
        self.paths: list[str] = []

    @property
    def url(self) -> str:
        """With a key in it, as Helius's is."""
        return f"http://127.0.0.1:{self.server_port}/rpc?api-key={KEY}"

    def tell(self, signature: str, *replies: Reply) -> None:
        self.replies[signature] = list(replies)

    def reply(self, request: Mapping[str, Any]) -> Reply:
        self.asked.append(request)
        replies = self.replies[request["params"][0]]
        return replies.pop(0) if len(replies) > 1 else replies[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Node  # pyright: ignore[reportIncompatibleVariableOverride]  it serves no other

    def do_POST(self) -> None:
        self.server.paths.append(self.path)
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = self.server.reply(request)
        if reply is None:
            self.close_connection = True
            return
        status, body = reply
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002  the base's name


def node() -> AbstractContextManager[Node]:
    """It answers within the block."""
    return serving(Node())


def result(value: object) -> Reply:
    return 200, json.dumps({"jsonrpc": "2.0", "id": 1, "result": value}).encode()


def error(code: object, message: str = "") -> Reply:
    body = {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message}}
    return 200, json.dumps(body).encode()


def a_swap(signature: str, *, now: int, slot: int | None = None) -> dict[str, Any]:
    """A recorded swap as getTransaction answers it: 5.538127E-8 SOL per token."""
    (raw,) = json.loads((RECORDED / "raw_swap_pump_fun_buy_derived.json").read_text())
    del raw["indexWithinBlock"]  # only Helius's webhooks tell it
    raw["transaction"]["signatures"] = [signature]
    return raw | {"blockTime": now, "slot": raw["slot"] if slot is None else slot}


def a_trimmed_swap(signature: str, *, now: int) -> dict[str, Any]:
    """The same as a relay posts it that keeps the trader's row alone."""
    (body,) = json.loads((RECORDED / "enh_swap_pump_fun_buy_webhook.json").read_text())
    rows: Sequence[Any] = body["accountData"]
    trader = [row for row in rows if row["account"] == body["feePayer"]]
    own = [row for row in rows if row["tokenBalanceChanges"]]
    body["accountData"] = [*trader, *(row for row in own if row not in trader)]
    return body | {"signature": signature, "timestamp": now}
