"""What the scenarios run on: virtual time, and a stack in it. Nothing waits for real.

virtual.js is the same for JavaScript; README.md says what the data mean.
"""

import asyncio
import json
import selectors
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx

from client.errors import Unreachable
from client.socket import Socket, SocketClosed

START: Final = 1_700_000_000
TRAVEL_SECONDS: Final = 0.01

Message = Mapping[str, Any]

_PROTOCOLS: Final[Mapping[str, dict[str, Any]]] = {
    "edge": {"ping": {"type": "ping"}, "pingMs": 20_000, "maxAgeMs": None},
    "aws": {"ping": {"action": "ping"}, "pingMs": 240_000, "maxAgeMs": 6_600_000},
}


def a_trade(token: str, n: int) -> dict[str, Any]:
    """The `n`th trade: that of second `n`."""
    timestamp, signature = START + n, f"s{n:015d}"
    return {
        "type": "PRICE_UPDATE",
        "token": token,
        "price": 1 + n / 1_000,
        "timestamp": timestamp,
        "slot": n,
        "txSignature": signature,
        "id": f"{timestamp}-{n:012d}-{signature}",
    }


def number_of(id_: str) -> int:
    """The number of a trade, or of the second with which an id begins."""
    return int(id_[:10]) - START


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for `timeout`, lets that time pass at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everything waits, and nothing is due"
        self.now += max(timeout, 0.0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps from one moment to the next at which something is due."""

    def __init__(self) -> None:
        self._virtual = _JumpingSelector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now

    def sleep_device(self, seconds: float) -> None:
        """Let time pass in which nothing runs: what was due meanwhile is late."""
        self._virtual.now += seconds


@dataclass(eq=False)
class VirtualSocket:
    """A client's socket; the server's end is in `say`, `end` and VirtualStack.hear."""

    stack: "VirtualStack"
    path: str
    token: str
    is_open: bool = True
    is_cut: bool = False  # half-open: neither end hears the other
    is_served: bool = False
    wants_latest: bool = False
    _inbox: asyncio.Queue[str | SocketClosed] = field(default_factory=asyncio.Queue)

    async def send(self, text: str) -> None:
        self.stack.arrive(lambda: self._deliver(json.loads(text)))

    async def receive(self) -> str:
        message = await self._inbox.get()
        if isinstance(message, SocketClosed):
            raise message
        return message

    def abort(self) -> None:
        self.is_open = False

    def say(self, message: Message) -> None:
        if not self.is_cut:
            self.stack.arrive(lambda: self._inbox.put_nowait(json.dumps(message)))

    def end(self, code: int, reason: str) -> None:
        self.is_open = False
        self.stack.arrive(lambda: self._inbox.put_nowait(SocketClosed(code, reason)))

    def _deliver(self, message: Message) -> None:
        if self.is_open and not self.is_cut:
            self.stack.hear(self, message)


class VirtualStack:
    """Answers requests and serves sockets. The step `set` changes what is in `settings`."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.settings: dict[str, Any] = {
            "home": "edge",
            "dual": True,  # tokens are published on both paths, so /connect can follow `avoid`
            "refused": [],  # paths on which no socket opens
            "silent": [],  # paths that accept a socket and say nothing
            "connect": None,  # status and body that /connect answers instead
            "prices": None,  # status and body that the price endpoints answer instead
            "offline": False,  # no HTTP request gets anywhere
            "page": 1_000,
            "greeting": None,  # what sockets are greeted with instead
            "answersAfter": TRAVEL_SECONDS,  # how long an answer to a request is on its way
            "saysWhen": True,  # answers have a header Date
            "recheckMs": None,
        }
        self.requests: list[str] = []
        self.sockets: list[VirtualSocket] = []
        self._loop = loop
        self._arrived = 0.0
        self._stored: list[dict[str, Any]] = []
        self._rings: dict[str, list[dict[str, Any]]] = {}

    def arrive(self, act: Any) -> None:
        """Call `act` when what is sent now has travelled. What is sent first arrives first."""
        soon = self._loop.time() + TRAVEL_SECONDS
        # The loop does not keep the order of what is due at the same time.
        self._arrived = max(soon, self._arrived + 1e-6)
        self._loop.call_at(self._arrived, act)

    def open(self, path: str) -> list[VirtualSocket]:
        return [socket for socket in self.sockets if socket.is_open and socket.path == path]

    def store(self, updates: Sequence[dict[str, Any]]) -> None:
        self._stored = sorted([*self._stored, *updates], key=lambda update: update["id"])

    def send(self, path: str, updates: Sequence[dict[str, Any]]) -> None:
        self._rings.setdefault(path, []).extend(updates)
        for socket in self.open(path):
            if socket.is_served:
                self._send_to(socket, updates)

    def forget(self, path: str) -> None:
        self._rings[path] = []

    def move(self, path: str) -> None:
        self.settings["home"] = path
        for socket in self.open("edge" if path == "aws" else "aws"):
            moved = {"token": socket.token, "path": path, "url": _url(path, socket.token)}
            socket.say({"type": "MOVED", **moved, "after": None, "jitterMs": 0})

    @asynccontextmanager
    async def open_socket(self, url: str) -> AsyncGenerator[Socket]:
        """What stands in for client.socket.open_socket."""
        await asyncio.sleep(TRAVEL_SECONDS)
        where = urlsplit(url)
        _, path, *token = where.path.split("/")
        if path in self.settings["refused"]:
            self.requests.append(f"refused {path}")
            raise Unreachable(f"{url} closed with 1006")
        socket = VirtualSocket(self, path, "".join(token))
        self.sockets.append(socket)
        if path != "aws":
            query = parse_qs(where.query)
            after, delivery = (query.get(name, [None])[0] for name in ("after", "delivery"))
            greeting = {"type": "connected", "connectionId": "c", "colo": ""}
            self._serve(socket, greeting, after, delivery)
        try:
            yield socket
        finally:
            socket.is_open = False

    def hear(self, socket: VirtualSocket, message: Message) -> None:
        if socket.path in self.settings["silent"]:
            return
        if message.get("action") == "subscribePrice":
            socket.token = message["token"]
            greeting = {"type": "SUBSCRIBED", "token": socket.token}
            self._serve(socket, greeting, message.get("after"), message.get("delivery"))
        elif "ping" in message.values():
            socket.say({"type": "pong"})

    def _serve(
        self, socket: VirtualSocket, greeting: Message, after: str | None, delivery: str | None
    ) -> None:
        said = [f"open {socket.path}", after and f"after {number_of(after)}", delivery]
        self.requests.append(" ".join(filter(None, said)))
        if socket.path in self.settings["silent"]:
            return
        socket.is_served, socket.wants_latest = True, delivery == "latest"
        socket.say(self.settings["greeting"] or greeting)
        ring = [each for each in self._rings.get(socket.path, []) if each["token"] == socket.token]
        if after is None or socket.wants_latest:
            self._send_to(socket, ring[-1:])
            return
        ids = [update["id"] for update in ring]
        if after in ids:
            owed = ring[ids.index(after) + 1 :]
        else:
            owed = [update for update in ring if update["id"] > after]
            until = owed[0]["id"] if owed else None
            socket.say({"type": "GAP", "token": socket.token, "after": after, "until": until})
        self._send_to(socket, owed)

    def _send_to(self, socket: VirtualSocket, updates: Sequence[dict[str, Any]]) -> None:
        own = [update for update in updates if update["token"] == socket.token]
        wanted = own[-1:] if socket.wants_latest else own
        if len(wanted) == 1:
            socket.say(wanted[0])
        elif wanted:
            socket.say({"type": "PRICE_BATCH", "updates": wanted})

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """What httpx.MockTransport calls."""
        await asyncio.sleep(TRAVEL_SECONDS)
        if self.settings["offline"]:
            raise httpx.ConnectError("no network", request=request)
        status, body = self._answer(request.url.path, request.url.params)
        await asyncio.sleep(self.settings["answersAfter"])
        text = body if isinstance(body, str) else json.dumps(body)
        date = {"date": formatdate(START + int(self._loop.time()), usegmt=True)}
        headers = date if self.settings["saysWhen"] else {}
        return httpx.Response(status, text=text, headers=headers)

    def _answer(self, path: str, query: Mapping[str, str]) -> tuple[int, Any]:
        _, place, token, *what = path.split("/")
        asks = [
            f"{name} {query[name] if name == 'avoid' else number_of(query[name])}"
            for name in ("after", "until", "avoid")
            if name in query
        ]
        self.requests.append(" ".join([*(what or [place]), *asks]))
        if place == "connect":
            return self.settings["connect"] or (200, self._route(token, query.get("avoid")))
        if self.settings["prices"] is not None:
            return self.settings["prices"]
        stored = [update for update in self._stored if update["token"] == token]
        if what == ["price"]:
            none = (404, {"error": {"code": "NO_PRICE", "message": "none yet"}})
            return (200, stored[-1]) if stored else none
        until = query.get("until", "~")  # above every id
        found = [update for update in stored if query["after"] < update["id"] <= until]
        page = found[: self.settings["page"]]
        next_ = page[-1]["id"] if len(found) > len(page) else None
        return 200, {"token": token, "prices": page, "next": next_}

    def _route(self, token: str, avoid: str | None) -> Message:
        home = self.settings["home"]
        is_avoided = self.settings["dual"] and avoid == home
        path = ("edge" if avoid == "aws" else "aws") if is_avoided else home
        is_aws = path == "aws"
        subscribe = {"action": "subscribePrice", "token": token} if is_aws else None
        return {
            "path": path,
            "url": _url(path, token),
            "protocol": {"subscribe": subscribe, **_PROTOCOLS["aws" if is_aws else "edge"]},
            "recheckMs": 15_000 if is_avoided else self.settings["recheckMs"],
        }


def _url(path: str, token: str) -> str:
    return "ws://stack/aws" if path == "aws" else f"ws://stack/{path}/{token}"
