"""A stand-in for GitHub on loopback. It has a pull request with its comments, issues, and releases."""

import json
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from ops.github import WORKFLOW_LOGIN

TOKEN = "ghs_made_up"
REPOSITORY = "acme/glow"
PULL_REQUEST = 12

COMMENTS = f"/repos/{REPOSITORY}/issues/{PULL_REQUEST}/comments"
COMMENT = f"/repos/{REPOSITORY}/issues/comments/"
ISSUES = f"/repos/{REPOSITORY}/issues"
RELEASES = f"/repos/{REPOSITORY}/releases"


@dataclass
class Conversation:
    """The comments, and every call that was made."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    issues: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    releases: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
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

    def add_issue(self, title: str, body: str, *, author: str) -> dict[str, Any]:
        number = 100 + len(self.issues)
        made = {
            "number": number,
            "title": title,
            "body": body,
            "state": "open",
            "user": {"login": author},
            "html_url": f"{self.url}/issues/{number}",
        }
        self.issues.append(made)
        return made

    def answer(self, method: str, target: str, token: str, body: str) -> tuple[int, object]:
        """Return status and JSON, as docs.github.com/en/rest has them for comments, issues, releases."""
        address = urlsplit(target)
        self.calls.append(f"{method} {address.path}")
        if token != TOKEN:
            return 401, {"message": "Bad credentials"}
        if self.refuses:
            return 403, {"message": "Resource not accessible by integration"}
        if address.path == COMMENTS or address.path.startswith(COMMENT):
            return self._of_comments(method, address, body)
        if address.path.startswith(ISSUES):
            return self._of_issues(method, address, body)
        if address.path.startswith(RELEASES):
            return self._of_releases(method, address, body)
        return 404, {"message": "Not Found"}

    def _of_comments(self, method: str, address: SplitResult, body: str) -> tuple[int, object]:
        if (method, address.path) == ("GET", COMMENTS):
            return 200, _page(self.comments, address.query)
        if (method, address.path) == ("POST", COMMENTS):
            return 201, self.add(json.loads(body)["body"], author=WORKFLOW_LOGIN)
        for comment in self.comments:
            if (method, address.path) == ("PATCH", f"{COMMENT}{comment['id']}"):
                comment["body"] = json.loads(body)["body"]
                return 200, comment
        return 404, {"message": "Not Found"}

    def _of_issues(self, method: str, address: SplitResult, body: str) -> tuple[int, object]:
        if (method, address.path) == ("GET", ISSUES):
            open_ones = [issue for issue in reversed(self.issues) if issue["state"] == "open"]
            return 200, _page(open_ones, address.query)
        given = json.loads(body)
        if (method, address.path) == ("POST", ISSUES):
            return 201, self.add_issue(given["title"], given["body"], author=WORKFLOW_LOGIN)
        for issue in self.issues:
            path = f"{ISSUES}/{issue['number']}"
            if (method, address.path) == ("PATCH", path):
                issue.update(given)
                return 200, issue
            if (method, address.path) == ("POST", f"{path}/comments"):
                return 201, self.add(given["body"], author=WORKFLOW_LOGIN)
        return 404, {"message": "Not Found"}

    def _of_releases(self, method: str, address: SplitResult, body: str) -> tuple[int, object]:
        if (method, address.path) == ("POST", RELEASES):
            given = json.loads(body)
            made = given | {"html_url": f"{self.url}/releases/tag/{given['tag_name']}"}
            self.releases.append(made)
            return 201, made
        for release in self.releases:
            if (method, address.path) == ("GET", f"{RELEASES}/tags/{release['tag_name']}"):
                return 200, release
        return 404, {"message": "Not Found"}


def _page(items: Sequence[dict[str, Any]], query: str) -> Sequence[dict[str, Any]]:
    asked = parse_qs(query)
    size = min(int(asked["per_page"][0]), 100)
    start = (int(asked["page"][0]) - 1) * size
    return items[start : start + size]


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
