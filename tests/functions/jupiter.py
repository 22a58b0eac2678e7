"""A local Jupiter: real HTTP over real sockets, which answers as it is told to."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qs, urlsplit

from functions.glow.trades.movements import WRAPPED_SOL
from tests.serving import Serving

NEVER: Final = -1  # instead of a status: no answer for as long as the test lasts


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    path: str
    mints: list[str]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """An answer, right or wrong."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def quote(usd_price: object, block_id: object = 348_004_023) -> dict[str, object]:
    """A token's quote as in Jupiter's documentation."""
    return {
        "usdPrice": usd_price,
        "blockId": block_id,
        "decimals": 9,
        "liquidity": 621679197.67,
        "createdAt": "2024-06-05T08:55:25.527Z",
        "priceChange24h": 1.29,
    }


class Jupiter(Serving):
    """Quotes `prices` by mint. `replies` are given first, one to each request; `asked` are all requests."""

    def __init__(self) -> None:
        self.prices: dict[str, object] = {WRAPPED_SOL: quote(150)}
        self.replies: list[Reply] = []
        self.asked: list[Asked] = []
        self.before_answer: Callable[[], None] = lambda: None
        super().__init__(_Server(("127.0.0.1", 0), _handler_of(self)))

    @property
    def mints_asked(self) -> list[list[str]]:
        return [asked.mints for asked in self.asked]

    def reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        self.before_answer()
        if self.replies:
            return self.replies.pop(0)
        known = {mint: self.prices[mint] for mint in asked.mints if mint in self.prices}
        return Reply(json.dumps(known).encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True


def _handler_of(jupiter: Jupiter) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if jupiter.over.is_set():  # a kept connection outlives the server
                self.close_connection = True
                return
            url = urlsplit(self.path)
            mints = parse_qs(url.query).get("ids", [""])[0].split(",")
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = jupiter.reply(Asked(url.path, mints, headers))
            if reply.status == NEVER:
                self.close_connection = True
                jupiter.over.wait()
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's
            """Say nothing."""

    return Handler
