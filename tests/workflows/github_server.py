"""A stand-in for GitHub on loopback. It has one pull request with its comments."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ops.github import WORKFLOW_LOGIN

TOKEN = "ghs_made_up"
REPOSITORY = "acme/glow"
PULL_REQUEST = 12

COMMENTS = f"/repos/{REPOSITORY}/issues/{PULL_REQUEST}/comments"
COMMENT = f"/repos/{REPOSITORY}/issues/comments/"


@dataclass
class Conversation:
    """The comments, and every call that was made."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    calls: list[str] = field(default_factory=list[str])
    refuses: bool = False

    @property
    def bodies(self) -> list[str]:
        return [comment["body"] for comment in self.comments]

    def add(self, body: str, *, author: str | None) -> dict[str, Any]:
        number = 1000 + len(self.comments)
        made = {
            "id": number,
            "body": body,
            "user": {"login": author} if author else None,
            "html_url": f"{self.url}/pull/{PULL_REQUEST}#issuecomment-{number}",
        }
        self.comments.append(made)
        return made

    def answer(self, method: str, target: str, token: str, body: str) -> tuple[int, object]:
        """Return status and JSON, as docs.github.com/en/rest/issues/comments has them."""
        address = urlsplit(target)
        self.calls.append(f"{method} {address.path}")
        if token != TOKEN:
            return 401, {"message": "Bad credentials"}
        if self.refuses:
            return 403, {"message": "Resource not accessible by integration"}
        if (method, address.path) == ("GET", COMMENTS):
            query = parse_qs(address.query)
            size = min(int(query["per_page"][0]), 100)
            start = (int(query["page"][0]) - 1) * size
            return 200, self.comments[start : start + size]
        if (method, address.path) == ("POST", COMMENTS):
            return 201, self.add(json.loads(body)["body"], author=WORKFLOW_LOGIN)
        for comment in self.comments:
            if (method, address.path) == ("PATCH", f"{COMMENT}{comment['id']}"):
                comment["body"] = json.loads(body)["body"]
                return 200, comment
        return 404, {"message": "Not Found"}


@contextmanager
def serve(conversation: Conversation) -> Generator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_PATCH(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name there
            """Say nothing."""

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, answer = conversation.answer(self.command, self.path, token, body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        conversation.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
