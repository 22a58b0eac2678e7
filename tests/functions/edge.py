"""A local edge worker: real HTTP over real sockets, which answers as it is told to."""

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, cast

from tests.serving import Serving

CURRENT: Final = "the-current-edge-secret"
PREVIOUS: Final = "the-previous-edge-secret"

LOST: Final = 0  # instead of a status: taken, and the connection closed without an answer
NEVER: Final = -1  # no answer, for as long as the test lasts

_NO_LINGERING: Final = struct.pack("ii", 1, 0)  # socket(7): close sends a reset


@dataclass(frozen=True)
class Post:
    """A request as it came."""

    token: str
    updates: list[Any]
    headers: Mapping[str, str]

    @property
    def bearer(self) -> str:
        return self.headers["authorization"].removeprefix("Bearer ")

    @property
    def ids(self) -> list[str]:
        return [update["id"] for update in self.updates]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a caller that hangs up before the answer is what some tests are about."""


class Edge(Serving):
    """`answer` gives the status of a post. `posts` are all, `heard` what clients hear by token.

    `answer_order` gives that of an order to rooms; `orders` are all, `clients` are those by token.
    """

    def __init__(self, port: int = 0) -> None:
        self.answer: Callable[[Post], int] = lambda _post: 200
        self.posts: list[Post] = []
        self.heard: dict[str, list[str]] = {}
        self.orders: list[tuple[str, Any]] = []
        self.answer_order: Callable[[str], int] = lambda _path: 200
        self.clients: dict[str, int] = {}
        self.content_of_order: bytes | None = None
        """The answer's body instead of the right one."""
        self.away: set[str] = set()
        """Tokens whose rooms say that they send their clients elsewhere."""
        self.sockets = 0
        super().__init__(_Server(("127.0.0.1", port), _handler_of(self)))

    def take(self, post: Post) -> int:
        """Answer `post`; what is taken is heard once, as the room drops ids that it has seen."""
        self.posts.append(post)
        status = self.answer(post)
        if status in (200, LOST):
            heard = self.heard.setdefault(post.token, [])
            heard += [each for each in post.ids if each not in heard]
        return status

    def obey(self, path: str, order: Any) -> tuple[int, int]:
        """Take an order; the answer's status, and how many clients it concerns."""
        self.orders.append((path, order))
        clients = sum(self.clients.get(token, 0) for token in order["tokens"])
        return self.answer_order(path), clients


@contextmanager
def resetting_server() -> Generator[str]:
    """The URL of a server that resets every connection at once, like a proxy without a backend."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        thread = threading.Thread(target=_reset_all, args=(server,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)  # ends the accept that waits
            thread.join()


def _reset_all(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
            connection.close()


def _handler_of(edge: Edge) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            edge.sockets += 1

        def do_POST(self) -> None:
            if edge.over.is_set():  # a kept connection outlives the server; it must not answer
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            if self.path in ("/census", "/moves"):
                self.answer(*edge.obey(self.path, json.loads(body)))
                return
            # Our publishers always say that the table has what they post.
            posted = re.fullmatch(r"/broadcast/(.+)\?stored=true", self.path)
            token = posted[1] if posted else ""
            post = Post(token, cast("list[Any]", json.loads(body)), headers)
            status = edge.take(post)
            if status == NEVER:
                edge.over.wait()
            if status in (NEVER, LOST):
                self.close_connection = True
                return
            self.send_response(status)
            if status in (301, 302, 307, 308):
                self.send_header("location", f"{edge.url}/elsewhere")
            content = b'{"away":true}' if token in edge.away else b"{}"
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def answer(self, status: int, connections: int) -> None:
            right = json.dumps({"success": True, "connections": connections}).encode()
            content = right if edge.content_of_order is None else edge.content_of_order
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's
            """Say nothing."""

    return Handler
