"""A fake AWS endpoint that answers almost for free, so that a benchmark measures glow alone.

It accepts every DynamoDB write and SQS batch, and leases posts as the table would. It answers a Query with `--connections` subscriptions, and
each post to a connection after `--delay-ms`. It runs as a separate process:
`python -m bench.endpoint --delay-ms 10 --connections 1000` prints its port and serves until stdin
closes.
"""

import asyncio
import json
import re
import sys
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from subprocess import PIPE, Popen
from typing import Any, ClassVar, Final, cast

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TARGET = re.compile(rb"\r\nx-amz-target: *([\w.]+)", re.IGNORECASE)
_EMPTY: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def _json_response(body: object, *, status: str = "200 OK") -> bytes:
    text = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(text)}\r\n\r\n"
    return head.encode() + text


class _Endpoint(asyncio.Protocol):
    leased: ClassVar[defaultdict[str, int]] = defaultdict(int)
    """Posts by the key of their second."""

    def __init__(self, delay_seconds: float, query: bytes) -> None:
        self._delay_seconds = delay_seconds
        self._query = query
        self._buffer = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[: end + 2]
            match = _LENGTH.search(head)
            length = int(match.group(1)) if match else 0
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if b"/@connections/" in head[:400].split(b"\r\n", 1)[0]:
            self._loop.call_later(self._delay_seconds, self._transport.write, _EMPTY)
            return
        target = _TARGET.search(head)
        operation = target.group(1).split(b".")[-1] if target else b""
        if operation == b"Query":
            self._transport.write(self._query)
        elif operation == b"UpdateItem":
            self._transport.write(self._lease(body))
        elif operation == b"SendMessageBatch":
            entries = json.loads(body)["Entries"]
            successful = [
                {"Id": entry["Id"], "MessageId": entry["Id"], "MD5OfMessageBody": ""}
                for entry in entries
            ]
            self._transport.write(_json_response({"Successful": successful, "Failed": []}))
        else:
            self._transport.write(_json_response({}))

    def _lease(self, body: bytes) -> bytes:
        request: Any = json.loads(body)
        second = request["Key"]["pk"]["S"]
        values = {
            name: int(value["N"]) for name, value in request["ExpressionAttributeValues"].items()
        }
        used = self.leased[second]
        if used and used > values[":most"]:
            error = {
                "__type": "ConditionalCheckFailedException",
                "Item": {"used": {"N": str(used)}},
            }
            return _json_response(error, status="400 Bad Request")
        self.leased[second] = used + values[":posts"]
        return _json_response({})


async def _serve(delay_seconds: float, connections: int) -> None:
    rows = [
        {
            "pk": {"S": "TOKEN#BENCH"},
            "sk": {"S": f"connection-{index:06d}="},
            "expiresAt": {"N": "9999999999"},
        }
        for index in range(connections)
    ]
    query = _json_response({"Items": rows, "Count": len(rows), "ScannedCount": len(rows)})
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Endpoint(delay_seconds, query), "127.0.0.1", 0, backlog=1024
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def running_endpoint(*, delay_ms: float = 0, connections: int = 0) -> Generator[str]:
    """Run an endpoint in its own process and yield its URL."""
    command = [sys.executable, "-m", "bench.endpoint"]
    command += ["--delay-ms", str(delay_ms), "--connections", str(connections)]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()
            process.wait(timeout=10)


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--delay-ms", type=float, default=0)
    parser.add_argument("--connections", type=int, default=0)
    arguments = parser.parse_args()
    uvloop.run(_serve(arguments.delay_ms / 1000, arguments.connections))
