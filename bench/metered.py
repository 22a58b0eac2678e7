"""A proxy before ministack that counts what DynamoDB would bill, by table.

It sees what is on the wire, repeated requests too. It lets a query answer whole rows, because whole rows
are billed, also where the query picks attributes; a query that filters rows out it refuses to count.
"""

import json
import threading
from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from bench.dynamodb_units import read_units, write_units

_TARGET: Final = "DynamoDB_20120810."
_KEPT: Final = ("content-type", "x-amzn-requestid", "x-amz-crc32", "x-amzn-errortype")


@dataclass(frozen=True, slots=True)
class Billed:
    """Requests, and what they are billed by."""

    requests: int = 0
    write_units: int = 0
    read_units: int = 0

    def __add__(self, other: "Billed") -> "Billed":
        return Billed(
            self.requests + other.requests,
            self.write_units + other.write_units,
            self.read_units + other.read_units,
        )


class Meter:
    """Counts by table; `take` begins anew. Several threads may count at once."""

    def __init__(self) -> None:
        self._by_table: defaultdict[str, Billed] = defaultdict(Billed)
        self._lock = threading.Lock()

    def take(self, *tables: str) -> Billed:
        """What was billed in `tables` since the last time; what was in others is forgotten."""
        with self._lock:
            taken = sum((self._by_table[table] for table in tables), Billed())
            self._by_table.clear()
        return taken

    def count(self, operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Raises ValueError for an operation that these functions do not use."""
        with self._lock:
            for table, billed in _billed(operation, request, answer):
                self._by_table[table] += billed


def _billed(
    operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]
) -> Iterator[tuple[str, Billed]]:
    match operation:
        case "PutItem":
            yield request["TableName"], Billed(1, write_units=write_units(request["Item"]))
        case "Query":
            if answer["ScannedCount"] != answer["Count"]:
                raise ValueError(f"a query passes over rows that it filters out: {request}")
            yield request["TableName"], Billed(1, read_units=read_units(answer["Items"]))
        case "BatchGetItem":  # of rows below 4 KB
            for table, keys in request["RequestItems"].items():
                yield table, Billed(1, read_units=len(keys["Keys"]))
        case "BatchWriteItem":  # of rows below 1 KB
            for table, writes in request["RequestItems"].items():
                yield table, Billed(1, write_units=len(writes))
        case _:
            raise ValueError(f"nobody has said what {operation} costs")


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = urlsplit(target).netloc
        self.meter = Meter()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Proxy  # pyright: ignore[reportIncompatibleVariableOverride]  it serves no other

    def setup(self) -> None:
        super().setup()
        self._ministack = HTTPConnection(self.server.target)

    def finish(self) -> None:
        self._ministack.close()
        super().finish()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        operation = self.headers.get("x-amz-target", "").partition(_TARGET)[2]
        request: dict[str, Any] = json.loads(body) if operation else {}
        if request.pop("ProjectionExpression", None):
            body = json.dumps(request).encode()
        headers = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in {"content-length", "host", "connection"}
        }
        self._ministack.request("POST", self.path, body, headers)
        answer = self._ministack.getresponse()
        content = answer.read()
        if operation:
            self.server.meter.count(operation, request, json.loads(content))
        self.send_response(answer.status)
        for name in _KEPT:
            if (value := answer.headers.get(name)) is not None:
                self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002  the base's name


@contextmanager
def metered(target: str) -> Generator[tuple[str, Meter]]:
    """The proxy's URL, and what it has counted; `target` is ministack's."""
    with _Proxy(target) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{proxy.server_port}", proxy.meter
        finally:
            proxy.shutdown()
            thread.join()
