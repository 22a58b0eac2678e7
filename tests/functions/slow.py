"""Parts that are slow: a proxy that hands on, keeps silent or drips, and a port that no one gets through to."""

import http.client
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Literal
from urllib.parse import urlsplit

from tests.serving import Serving

Manner = Literal["silent", "drips"]

DRIP_SECONDS: Final = 0.05
"""Far below every time-out of a read."""

Part = Literal[
    "prices", "routes", "known tokens", "health", "broadcast queue", "other queue", "edge"
]

_PARTS_BY_OPERATION: Final[dict[str, Part]] = {
    "PutItem": "prices",
    "Query": "prices",  # the gate reads before the write
    "BatchGetItem": "routes",
    "GetItem": "routes",
    "BatchWriteItem": "known tokens",
    "UpdateItem": "health",
}


class SlowProxy(Serving):
    """Stands before AWS and the edge. `slow` says which parts are slow now, and in what manner."""

    def __init__(self, aws_url: str, edge_url: str, *, broadcast_queue_url: str) -> None:
        self.slow: dict[Part, Manner] = {}
        self.asked: list[Part] = []
        self.aws_url = aws_url
        self.edge_url = edge_url
        self._broadcast_queue = broadcast_queue_url.encode()
        super().__init__(_Server(("127.0.0.1", 0), _handler_of(self)))

    def part_of(self, target: str | None, body: bytes) -> Part:
        """Which part a request is for; `target` is the header x-amz-target."""
        if target is None:
            return "edge"
        operation = target.rpartition(".")[2]
        if operation in _PARTS_BY_OPERATION:
            return _PARTS_BY_OPERATION[operation]
        return "broadcast queue" if self._broadcast_queue in body else "other queue"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: callers that hang up are what the tests are about."""


def _handler_of(proxy: SlowProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            target = self.headers.get("x-amz-target")
            part = proxy.part_of(target, body)
            proxy.asked.append(part)
            match proxy.slow.get(part):
                case "silent":
                    self.close_connection = True
                    proxy.over.wait()
                case "drips":
                    self.close_connection = True
                    self.drip()
                case None:
                    self.hand_on(proxy.edge_url if target is None else proxy.aws_url, body)

        def drip(self) -> None:
            """Begin a header that has no end."""
            self.wfile.write(b"HTTP/1.1 200 OK\r\nx-drip: ")
            while not proxy.over.wait(DRIP_SECONDS):
                self.wfile.write(b".")

        def hand_on(self, url: str, body: bytes) -> None:
            upstream = http.client.HTTPConnection(urlsplit(url).netloc)
            upstream.request("POST", self.path, body, dict(self.headers))
            answer = upstream.getresponse()
            content = answer.read()
            upstream.close()
            self.send_response(answer.status)
            self.send_header("content-type", answer.headers.get("content-type", ""))
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's
            """Say nothing."""

    return Handler


@contextmanager
def unconnectable() -> Generator[str]:
    """The URL of a port where a connect hangs: its queue of connections is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        fillers: list[socket.socket] = []
        with suppress(TimeoutError):
            while True:
                filler = socket.socket()
                fillers.append(filler)
                filler.settimeout(0.1)
                filler.connect(server.getsockname())
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            for filler in fillers:
                filler.close()
