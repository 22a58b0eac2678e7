"""A fake AWS endpoint that answers almost for free, so that a benchmark measures glow alone.

It accepts every DynamoDB write and SQS batch, and leases posts as the table would. It answers a Query of
prices as for a busy token (trades.py), any other with `--connections` subscriptions. DynamoDB answers
after `--dynamodb-ms`, SQS after `--sqs-ms`, and a post to a connection after `--delay-ms`. It runs as a
separate process: `python -m bench.endpoint --delay-ms 10 --connections 1000` prints its port and serves
until stdin closes.
"""

import asyncio
import json
import re
import sys
import time
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import PIPE, Popen
from typing import Any, ClassVar, Final, cast

import uvloop

from bench.trades import newest_rows
from functions.glow.routing.rate import SOL_USD

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TARGET = re.compile(rb"\r\nx-amz-target: *([\w.]+)", re.IGNORECASE)
_EMPTY: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def _json_response(body: object, *, status: str = "200 OK") -> bytes:
    text = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(text)}\r\n\r\n"
    return head.encode() + text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pace:
    """Seconds until an answer."""

    post: float
    dynamodb: float
    sqs: float


class _Endpoint(asyncio.Protocol):
    leased: ClassVar[defaultdict[str, int]] = defaultdict(int)
    """Posts by the key of their second."""

    def __init__(self, pace: _Pace, prices: bytes, subscriptions: bytes) -> None:
        self._pace = pace
        self._prices = prices
        self._subscriptions = subscriptions
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
            self._write(_EMPTY, after=self._pace.post)
            return
        target = _TARGET.search(head)
        operation = target.group(1).split(b".")[-1] if target else b""
        if operation == b"SendMessageBatch":
            self._write(_taken(body), after=self._pace.sqs)
        elif operation == b"Query":
            is_of_prices = json.loads(body)["TableName"] == "prices"
            answer = self._prices if is_of_prices else self._subscriptions
            self._write(answer, after=self._pace.dynamodb)
        elif operation == b"UpdateItem" and b":posts" in body:
            self._write(self._lease(body), after=self._pace.dynamodb)
        elif operation == b"BatchGetItem":
            self._write(_routes_and_rate(), after=self._pace.dynamodb)
        else:
            self._write(_json_response({}), after=self._pace.dynamodb)

    def _write(self, answer: bytes, *, after: float) -> None:
        if after:
            self._loop.call_later(after, self._transport.write, answer)
        else:
            self._transport.write(answer)

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


def _routes_and_rate() -> bytes:
    """No routing item, so that the flag holds, and a fresh SOL/USD."""
    rate = {
        "id": {"S": SOL_USD},
        "price": {"N": "151.23456789"},
        "askedAtMs": {"N": str(int(time.time() * 1000))},
        "blockId": {"N": "440000000"},
    }
    return _json_response({"Responses": {"routes": [rate]}, "UnprocessedKeys": {}})


def _taken(body: bytes) -> bytes:
    entries = json.loads(body)["Entries"]
    successful = [
        {"Id": entry["Id"], "MessageId": entry["Id"], "MD5OfMessageBody": ""} for entry in entries
    ]
    return _json_response({"Successful": successful, "Failed": []})


def _query_response(rows: Sequence[object]) -> bytes:
    return _json_response({"Items": rows, "Count": len(rows), "ScannedCount": len(rows)})


async def _serve(pace: _Pace, connections: int) -> None:
    subscriptions = [
        {
            "pk": {"S": "TOKEN#BENCH"},
            "sk": {"S": f"connection-{index:06d}="},
            "expiresAt": {"N": "9999999999"},
        }
        for index in range(connections)
    ]
    answers = (_query_response(newest_rows()), _query_response(subscriptions))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Endpoint(pace, *answers), "127.0.0.1", 0, backlog=1024
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def running_endpoint(
    *, delay_ms: float = 0, dynamodb_ms: float = 0, sqs_ms: float = 0, connections: int = 0
) -> Generator[str]:
    """Run an endpoint in its own process and yield its URL."""
    command = [sys.executable, "-m", "bench.endpoint", "--connections", str(connections)]
    command += ["--delay-ms", str(delay_ms)]
    command += ["--dynamodb-ms", str(dynamodb_ms), "--sqs-ms", str(sqs_ms)]
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
    for name in ("--delay-ms", "--dynamodb-ms", "--sqs-ms"):
        parser.add_argument(name, type=float, default=0)
    parser.add_argument("--connections", type=int, default=0)
    arguments = parser.parse_args()
    given = _Pace(
        post=arguments.delay_ms / 1000,
        dynamodb=arguments.dynamodb_ms / 1000,
        sqs=arguments.sqs_ms / 1000,
    )
    uvloop.run(_serve(given, arguments.connections))
