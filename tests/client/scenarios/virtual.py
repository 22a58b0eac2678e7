"""What the scenarios run on: a stack in virtual time.

virtual.js is the same for JavaScript; README.md says what the data mean.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx

from client.errors import Unreachable
from client.socket import Socket
from tests.client.scenarios.trades import START, number_of
from tests.client.scenarios.virtual_candles import candles_of
from tests.client.scenarios.virtual_passes import Refusal, why_not, why_not_for
from tests.client.scenarios.virtual_socket import Message, VirtualSocket
from tests.client.scenarios.virtual_time import VirtualLoop

TRAVEL_SECONDS: Final = 0.01

_SUBSCRIBE: Final = {"action": "subscribePrice"}
_PROTOCOLS: Final[Mapping[str, dict[str, Any]]] = {
    "edge": {"ping": {"type": "ping"}, "pingMs": 20_000, "maxAgeMs": None},
    "aws": {"ping": {"action": "ping"}, "pingMs": 240_000, "maxAgeMs": 6_600_000},
}


class VirtualStack:
    """Answers requests and serves sockets. The step `set` changes what is in `settings`."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.settings: dict[str, Any] = {
            "home": "edge",
            "dual": True,  # tokens are published on both paths, so /connect can follow `avoid`
            "refused": [],  # paths on which no socket opens
            "full": [],  # paths on which no socket for one token opens, because its room is full
            "sendsAway": [],  # whose sockets for many tokens greet, and are closed when they subscribe
            "silent": [],  # paths that accept a socket and say nothing
            "connect": None,  # status and body that /connect answers instead
            "prices": None,  # status and body that the price endpoints answer instead
            "offline": False,  # no HTTP request gets anywhere
            "page": 1_000,
            "greeting": None,  # what sockets are greeted with instead
            "answersAfter": TRAVEL_SECONDS,  # how long an answer to a request is on its way
            "saysWhen": True,  # answers have a header Date
            "recheckMs": None,
            "jitterMs": 0,  # what MOVED says
            "old": False,  # the stack knows no feeds
            "unknown": [],  # tokens that the stack does not stream
            "unavailable": [],  # tokens that sockets for many tokens cannot serve now
            "passes": None,  # the passes that let in; None: everybody may listen
            "rowsAfter": 0,  # how many seconds after its trade a row of the candles follows
            "candles": None,  # status and body that the candles answer instead
        }
        self.requests: list[str] = []
        self.sockets: list[VirtualSocket] = []
        self._loop = loop
        self._homes: dict[str, str] = {}  # where tokens went that were moved
        self._stored: list[tuple[dict[str, Any], float]] = []  # with the second of each
        self._rings: dict[str, list[dict[str, Any]]] = {}

    def arrive(self, act: Callable[[], object]) -> None:
        """Call `act` when what is sent now has travelled."""
        self._loop.call_later(TRAVEL_SECONDS, act)

    def open(self, path: str) -> list[VirtualSocket]:
        return [socket for socket in self.sockets if socket.is_open and socket.path == path]

    def store(self, updates: Sequence[dict[str, Any]]) -> None:
        stored = [(update, self._loop.time()) for update in updates]
        self._stored = sorted([*self._stored, *stored], key=lambda row: row[0]["id"])

    def send(self, path: str, updates: Sequence[dict[str, Any]]) -> None:
        self._rings.setdefault(path, []).extend(updates)
        for socket in self.open(path):
            socket.say_prices(updates)

    def forget(self, path: str) -> None:
        self._rings[path] = []

    def move(self, token: str, path: str) -> None:
        self._homes[token] = path
        for socket in self.open("edge" if path == "aws" else "aws"):
            if token in socket.served:
                socket.say(self._moved(token, path))

    def let_go(self, token: str, path: str) -> None:
        """`path` lets go of a token that has moved: the grace is over."""
        for socket in self.open(path):
            if token in socket.served:
                del socket.served[token]
                socket.say(self._moved(token, self._homes[token]))

    def _moved(self, token: str, path: str) -> Message:
        url, live = self._addresses(path, token)
        return {
            "type": "MOVED",
            "token": token,
            "path": path,
            "url": url,
            **({} if live is None else {"liveUrl": live["url"]}),
            "after": None,
            "jitterMs": self.settings["jitterMs"],
        }

    # Sockets

    @asynccontextmanager
    async def open_socket(self, url: str) -> AsyncGenerator[Socket]:
        """What stands in for client.socket.open_socket."""
        await asyncio.sleep(TRAVEL_SECONDS)
        socket = VirtualSocket(url, self.arrive, self._hear)
        path = socket.path
        is_full = path in self.settings["full"] and not socket.is_live
        if path in self.settings["refused"] or is_full:
            self.requests.append(f"refused {path}")
            raise Unreachable(f"{url} closed with 1006")
        self.sockets.append(socket)
        if path != "aws":
            self._greet(socket, url)
        try:
            yield socket
        finally:
            socket.is_open = False

    def _greet(self, socket: VirtualSocket, url: str) -> None:
        connected = {"type": "connected", "connectionId": "c", "colo": ""}
        if not socket.is_live:
            query = parse_qs(urlsplit(url).query)
            wishes = {name: query.get(name, [None])[0] for name in ("after", "delivery")}
            self._serve(socket, [{"token": socket.token, **wishes}], connected)
        elif socket.path not in self.settings["silent"]:
            socket.say(connected)

    def _hear(self, socket: VirtualSocket, message: Message) -> None:
        if socket.is_live:
            self._note(socket.path, message)
        if socket.path in self.settings["silent"]:
            return
        action = message.get("action")
        if "ping" in (action, message.get("type")):
            socket.say({"type": "pong"})
        elif action == "authorize":
            self._authorize(socket, message["token"])
        elif self.settings["passes"] is not None and socket.shown is None:
            socket.say(_error({"code": "UNAUTHORIZED", "message": "authorize first"}))
        elif socket.path in self.settings["sendsAway"]:
            socket.end(4013, "this hub has too many tokens; connect again")
        elif action == "subscribePrice":
            self._subscribe(socket, message)
        else:
            assert action == "unsubscribePrice", f"no such message: {message}"
            tokens = message.get("tokens") or [message["token"]]
            for token in tokens:
                socket.served.pop(token, None)
            said = {name: value for name, value in message.items() if name != "action"}
            socket.say({**said, "type": "UNSUBSCRIBED"})

    def _note(self, path: str, message: Message) -> None:
        """Keep what a client of many tokens says, other than pings."""
        match message.get("action"):
            case "authorize":
                self.requests.append(f"{path} authorize {message['token']}")
            case "subscribePrice":
                wanted = [_asked(each) for each in message.get("subscriptions", [message])]
                self.requests.append(f"{path} subscribe {_some(wanted)}")
            case "unsubscribePrice":
                left = message.get("tokens") or [message["token"]]
                self.requests.append(f"{path} unsubscribe {_some(left)}")
            case _:
                pass

    def _authorize(self, socket: VirtualSocket, shown: str) -> None:
        passes = self.settings["passes"]
        if passes is None:
            socket.say({"type": "AUTHORIZED", "expiresAt": None})
            return
        refusal = why_not(passes, shown, self._loop.time())
        if refusal is not None:
            socket.say(_error(refusal))
            return
        ends_at = passes[shown]["endsAt"]
        socket.shown = shown
        socket.say({"type": "AUTHORIZED", "expiresAt": START + ends_at})
        self._loop.call_at(ends_at, lambda: self._expire(socket, shown))

    def _expire(self, socket: VirtualSocket, shown: str) -> None:
        if socket.shown != shown or not socket.is_open:
            return
        is_aws = socket.path == "aws"
        if is_aws:
            socket.say(_error({"code": "TOKEN_EXPIRED", "message": f"{shown} has ended"}))
        socket.end(1000 if is_aws else 4001, "the pass has ended")

    def _subscribe(self, socket: VirtualSocket, message: Message) -> None:
        wanted: list[Message] = []
        for each in message.get("subscriptions", [message]):
            token = each["token"]
            home = self._homes.get(token, socket.path)
            refusal = self._why_not_served(socket, token)
            if home != socket.path:
                socket.say(self._moved(token, home))
            elif refusal is not None:
                socket.say({**_error(refusal), "token": token})
            else:
                wanted.append(each)
        if wanted:
            tokens = [each["token"] for each in wanted]
            named = {"tokens": tokens} if "subscriptions" in message else {"token": tokens[0]}
            self._serve(socket, wanted, {"type": "SUBSCRIBED", **named})

    def _why_not_served(self, socket: VirtualSocket, token: str) -> Refusal | None:
        if token in self.settings["unknown"]:
            return {"code": "UNKNOWN_TOKEN", "message": f"{token} is not streamed"}
        if socket.is_live and token in self.settings["unavailable"]:
            return {"code": "UNAVAILABLE", "message": f"{token} cannot be served now"}
        passes = self.settings["passes"]
        if passes is None or socket.shown is None:
            return None
        return why_not_for(passes, socket.shown, token)

    def _serve(self, socket: VirtualSocket, wanted: Sequence[Message], greeting: Message) -> None:
        if not socket.is_live:
            self.requests += [f"open {_asked({**each, 'token': socket.path})}" for each in wanted]
        if socket.path in self.settings["silent"]:
            return
        socket.served.update({each["token"]: each.get("delivery") for each in wanted})
        socket.say(self.settings["greeting"] or greeting)
        owed: list[dict[str, Any]] = []
        for each in wanted:
            owed += self._opening(socket, each)
        socket.say_prices(owed)

    def _opening(self, socket: VirtualSocket, wanted: Message) -> list[dict[str, Any]]:
        """What a new subscriber of a token is owed; a gap before it is said."""
        token, after = wanted["token"], wanted.get("after")
        ring = [each for each in self._rings.get(socket.path, []) if each["token"] == token]
        if after is None or wanted.get("delivery") == "latest":
            return ring[-1:]
        ids = [update["id"] for update in ring]
        if after in ids:
            return ring[ids.index(after) + 1 :]
        owed = [update for update in ring if update["id"] > after]
        until = owed[0]["id"] if owed else None
        socket.say({"type": "GAP", "token": token, "after": after, "until": until})
        return owed

    # HTTP

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """What httpx.MockTransport calls."""
        await asyncio.sleep(TRAVEL_SECONDS)
        if self.settings["offline"]:
            raise httpx.ConnectError("no network", request=request)
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ") or None
        status, body = self._answer(request.url.path, request.url.params, bearer)
        await asyncio.sleep(self.settings["answersAfter"])
        text = body if isinstance(body, str) else json.dumps(body)
        date = {"date": formatdate(START + int(self._loop.time()), usegmt=True)}
        headers = date if self.settings["saysWhen"] else {}
        return httpx.Response(status, text=text, headers=headers)

    def _answer(self, path: str, query: Mapping[str, str], bearer: str | None) -> tuple[int, Any]:
        _, place, *rest = path.split("/")
        token, what = "".join(rest[:1]), rest[1:]
        many = query["tokens"].split(",") if "tokens" in query else None
        asks = [
            f"{name} {query[name] if name == 'avoid' else number_of(query[name])}"
            for name in ("after", "until", "avoid")
            if name in query
        ]
        if "interval" in query:
            asks = [
                query["interval"],
                *([f"from {int(query['from']) - START}"] if "from" in query else []),
            ]
        own = [] if place == "connect" or token == "T" else [token]
        about = own if many is None else [_some(many)]
        self.requests.append(" ".join([*(what or [place]), *about, *asks]))
        passes = self.settings["passes"]
        refusal = None if passes is None else why_not(passes, bearer, self._loop.time())
        if refusal is not None:
            return 401, {"error": refusal}
        if place == "connect":
            instead = self.settings["connect"]
            return instead or self._discover(token, many, query.get("avoid"), bearer)
        if what == ["candles"]:
            rows = [row for row in self._stored if row[0]["token"] == token]
            now, behind = self._loop.time(), self.settings["rowsAfter"]
            answer = candles_of(rows, query, second=now, rows_after=behind)
            return self.settings["candles"] or answer
        return self.settings["prices"] or self._prices(token, what, query)

    def _prices(self, token: str, what: Sequence[str], query: Mapping[str, str]) -> tuple[int, Any]:
        stored = [update for update, _ in self._stored if update["token"] == token]
        if what == ["price"]:
            none = (404, {"error": {"code": "NO_PRICE", "message": "none yet"}})
            return (200, stored[-1]) if stored else none
        until = query.get("until", "~")  # above every id
        found = [update for update in stored if query["after"] < update["id"] <= until]
        page = found[: self.settings["page"]]
        next_ = page[-1]["id"] if len(found) > len(page) else None
        return 200, {"token": token, "prices": page, "next": next_}

    def _discover(
        self, one: str, many: Sequence[str] | None, avoid: str | None, bearer: str | None
    ) -> tuple[int, Any]:
        if many is not None and self.settings["old"]:
            return 404, {"message": "Not Found"}
        answers = [
            {"token": token, **self._place(token, avoid, bearer)} for token in (many or [one])
        ]
        if many is not None:
            return 200, {"routes": answers}
        answer = {name: value for name, value in answers[0].items() if name != "token"}
        return (404 if "error" in answer else 200), answer

    def _place(self, token: str, avoid: str | None, bearer: str | None) -> dict[str, Any]:
        passes = self.settings["passes"]
        if token in self.settings["unknown"]:
            return {"error": {"code": "UNKNOWN_TOKEN", "message": f"{token} is not streamed"}}
        refusal = None if passes is None else why_not_for(passes, bearer or "", token)
        if refusal is not None:
            return {"error": refusal}
        home: str = self._homes.get(token, str(self.settings["home"]))
        is_avoided = self.settings["dual"] and avoid == home
        path: str = ("edge" if avoid == "aws" else "aws") if is_avoided else home
        is_aws = path == "aws"
        subscribe = {**_SUBSCRIBE, "token": token} if is_aws else None
        url, live = self._addresses(path, token)
        return {
            "path": path,
            "url": url,
            "protocol": {"subscribe": subscribe, **_PROTOCOLS["aws" if is_aws else "edge"]},
            **({} if live is None else {"live": live}),
            "recheckMs": 15_000 if is_avoided else self.settings["recheckMs"],
        }

    def _addresses(self, path: str, token: str) -> tuple[str, dict[str, Any] | None]:
        """The socket of this token alone, and that of many."""
        url = "ws://stack/aws" if path == "aws" else f"ws://stack/{path}/{token}"
        if self.settings["old"]:
            return url, None
        protocol = {"subscribe": _SUBSCRIBE, **_PROTOCOLS["aws" if path == "aws" else "edge"]}
        return url, {"url": f"ws://stack/live/{path}", "protocol": protocol}


def _error(refusal: Refusal) -> Message:
    return {"type": "ERROR", **refusal}


def _asked(wanted: Message) -> str:
    """A token, with the cursor and the delivery that it is asked for with."""
    after = wanted.get("after")
    said = [wanted["token"], after and f"after {number_of(after)}", wanted.get("delivery")]
    return " ".join(filter(None, said))


def _some(shown: Sequence[str]) -> str:
    return f"{len(shown)} tokens" if len(shown) > 5 else ", ".join(shown)
