"""One socket on one path, for one token or for many. It sends pings and ends when the server stays silent."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final, Literal

from .access import ASKS_FOR_ANOTHER, Grant, Pass
from .errors import FINAL_CODES, POLICY, Refused, Unreachable
from .fields import Fields
from .gatherer import Gatherer
from .messages import (
    Authorized,
    Connected,
    ErrorMessage,
    Gap,
    Incoming,
    Moved,
    Other,
    Prices,
    Subscribed,
    Unsubscribed,
    parse_message,
)
from .paths import url_for_one, wish
from .ports import Address, Keeper, Rider
from .pulse import Pulse
from .roster import Roster
from .scope import Scope
from .socket import ANSWER_SECONDS, Socket, SocketClosed

MAX_TOKENS: Final = 100
RENEWAL_JITTER: Final = 0.1  # part of the greatest age
PASS_PART: Final = 0.9  # of a pass's time, after which there is another one at the latest

# After this close code a client must not reconnect (worker/close.js).
_CLOSED_FOR_GOOD: Final = 1008
_PASS_EXPIRED: Final = 4001
_SILENT: Final = f"no answer for {ANSWER_SECONDS:g} s"

Stage = Literal["opening", "authorizing", "authorizing again", "ready"]
"""Commands may be sent when it is ready."""


class Connection:
    """`open` it for the tokens that were added. The socket is not read while `wait_for_room` waits."""

    def __init__(
        self,
        address: Address,
        keeper: Keeper,
        *,
        is_shared: bool,
        wait_for_room: Callable[[], Awaitable[None]],
    ) -> None:
        self.address = address
        self.is_greeted = False
        """Whether the server has said that it is there."""
        self._has_served = False
        """Whether the server has said that it serves."""
        self.renew_at = float("inf")
        """When its tokens must have gone to another one."""
        self.spread = keeper.host.random()
        """A random part, the same for all its tokens, so that those that move together stay together."""
        self.scope = Scope(keeper.host)
        self._keeper = keeper
        self.is_shared = is_shared
        self._wait_for_room = wait_for_room
        self._is_held_back = False
        self._stage: Stage = "opening"
        self._riders: dict[str, Rider] = {}
        self._roster = Roster()
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._socket: Socket | None = None
        self._grant: Grant | None = None  # what the server was shown last
        self._cancel_renewal: Callable[[], None] | None = None
        self._gatherer = Gatherer(self.scope, self._say_due)
        self._pulse = Pulse(
            self.scope,
            ping=lambda: self._say(address.endpoint.protocol.ping),
            die=self._die,
            is_excused=lambda: self._is_held_back,
        )

    @property
    def has_room(self) -> bool:
        """Whether another token may come."""
        is_young = self.scope.host.now < self.renew_at
        is_open = self.is_shared and not self.scope.is_over
        return is_open and is_young and len(self._roster) < MAX_TOKENS

    def open(self) -> None:
        self.scope.later(ANSWER_SECONDS, lambda: self.is_greeted or self._die())
        self.scope.start(self._run())

    def add(self, rider: Rider) -> None:
        """Serve a token, or serve it in another delivery."""
        self._riders[rider.token] = rider
        self._roster.want(rider.token, rider.receiver.delivery)
        self._gather()

    def leave(self, rider: Rider) -> None:
        """A token wants nothing of this any more."""
        self._riders.pop(rider.token, None)
        self._roster.want(rider.token, None)
        if self._riders:
            self._gather()
        else:
            self._close(is_wanted=False)

    def check(self) -> None:
        """Ask for a sign of life now: the network may be another one."""
        if self.is_greeted and not self.scope.is_over:
            self._pulse.check()

    def doubt(self, token: str) -> None:
        """Count on nothing that the server was asked or has answered about the token."""
        self._roster.drop(token)

    # The socket

    async def _run(self) -> None:
        try:
            async with self._keeper.host.open_socket(self._url()) as socket:
                self._socket = socket
                self.scope.start(self._write(socket))
                if self.address.access is None:
                    self._be_ready()
                else:
                    self._authorize(self.address.access, "authorizing")
                while not self.scope.is_over:
                    self._receive(await socket.receive())
                    await self._be_held_back()
        except Unreachable as error:
            self._fail(str(error))
        except SocketClosed as closed:
            self._end(closed)

    async def _write(self, socket: Socket) -> None:
        with suppress(SocketClosed):  # the reader hears of it as well
            while True:
                await socket.send(await self._outbox.get())

    async def _be_held_back(self) -> None:
        """Wait while the app reads slowly: then the server stops sending."""
        self._is_held_back = True
        await self._wait_for_room()
        self._is_held_back = False

    def _url(self) -> str:
        url = self.address.endpoint.url
        if not self.address.names_token:
            return url
        rider = next(iter(self._riders.values()))
        return url_for_one(url, self._cursor(rider), rider.receiver.delivery)

    def _die(self) -> None:
        if self._socket is not None:
            self._socket.abort()
        self._fail(f"{self.address.endpoint.url} {_SILENT}")

    def _fail(self, reason: str) -> None:
        if self.scope.is_over:
            return
        self._close(is_wanted=True)
        for rider in [*self._riders.values()]:
            rider.on_end(self, reason)

    def _close(self, *, is_wanted: bool) -> None:
        if self.scope.is_over:
            return
        self.scope.end()
        self._keeper.note_end(self, has_failed=is_wanted and not self._has_served)

    def _end(self, closed: SocketClosed) -> None:
        reason = f"{self.address.endpoint.url} {closed}"
        if closed.code == _CLOSED_FOR_GOOD:
            self._refuse(self._riders.values(), Refused(reason, POLICY))
            return
        if closed.code == _PASS_EXPIRED:
            self._drop_grant()
        self._fail(reason)

    # What is said

    def _cursor(self, rider: Rider) -> str | None:
        return rider.receiver.cursor(self.address.path) or rider.moved_after

    def _authorize(self, access: Pass, stage: Stage) -> None:
        """Show a pass; the connection is at `stage` until the server has answered."""
        self._stage = stage
        self._grant = access.get()
        self.scope.start(self._show(self._grant))

    async def _show(self, grant: Grant) -> None:
        try:
            self._say({"action": "authorize", "token": await grant.text()})
        except Unreachable as error:
            self._fail(str(error))

    def _drop_grant(self) -> None:
        if self._grant is not None and self.address.access is not None:
            self.address.access.drop(self._grant)

    def _be_authorized(self, expires_at: int | None) -> None:
        self._be_ready()
        left = None if expires_at is None else self._keeper.rest.seconds_until(expires_at)
        if self._cancel_renewal is not None:
            self._cancel_renewal()
        if left is None:
            return
        renew_in = max(ANSWER_SECONDS, self._early(left * PASS_PART))
        # A connection with a greatest age is renewed by another one. One without is shown another pass.
        is_to_last = self.address.endpoint.protocol.max_age_ms is None
        if not is_to_last:
            self._renew_in(renew_in)

        def renew() -> None:
            access = self.address.access
            if access is None or self._grant is None:
                return
            access.age(self._grant)
            if is_to_last:
                self._authorize(access, "ready")  # the one before still holds

        self._cancel_renewal = self.scope.later(renew_in, renew)

    def _early(self, seconds: float) -> float:
        """A random part shorter, so that clients do not all renew together."""
        return seconds * (1 - RENEWAL_JITTER * self.scope.host.random())

    def _renew_in(self, seconds: float) -> None:
        self.renew_at = min(self.renew_at, self.scope.host.now + seconds)

    def _be_ready(self) -> None:
        self._stage = "ready"
        self._gather()

    def _gather(self) -> None:
        """Say soon what is due by then."""
        if self._stage == "ready":
            self._gatherer.ask()

    def _say_due(self) -> None:
        """A command is never too large: 100 tokens, ids and deliveries take 15 of its 16 KiB."""
        subscribe = self.address.endpoint.protocol.subscribe
        if subscribe is None:
            return
        due = self._roster.take_due()
        if due.leaving:
            self._say({"action": "unsubscribePrice", **_one_or_many("token", due.leaving)})
        wishes = [
            wish(token, self._cursor(rider), rider.receiver.delivery)
            for token in due.joining
            if (rider := self._riders.get(token)) is not None
        ]
        if len(wishes) == 1:
            self._say({**subscribe, **wishes[0]})
        elif wishes:
            self._say({**subscribe, "subscriptions": wishes})

    def _say(self, message: Fields) -> None:
        # Without spaces: Cloudflare answers only this spelling of a ping without waking the room, which
        # is paid for (facts/cloudflare.md §4).
        self._outbox.put_nowait(json.dumps(message, separators=(",", ":")))

    # What is heard

    def _receive(self, text: str | bytes) -> None:
        try:
            message = parse_message(text)
        except ValueError as error:
            url = self.address.endpoint.url
            raise Unreachable(f"{url} sent what is no message: {error}") from error
        self._pulse.hear()
        self._handle(message)

    def _handle(self, message: Incoming) -> None:
        match message:
            case Prices(updates):
                for update in updates:
                    if (rider := self._riders.get(update.token)) is not None:
                        rider.receiver.take(self.address.path, update)
            case Gap(token, after):
                for rider in self._riders_of(self._named(token)):
                    rider.receiver.miss(after)
            case Moved():
                named = self._named(message.token)
                self._confirm(named, is_served=True)  # in place of SUBSCRIBED it means the same
                for rider in self._riders_of(named):
                    rider.on_moved(self, message)
            case ErrorMessage():
                self._heed(message)
            case Other():
                pass
            case _:
                self._hear_answer(message)

    def _hear_answer(self, message: Connected | Authorized | Subscribed | Unsubscribed) -> None:
        match message:
            case Connected():
                self._greet()
                if self.address.names_token:
                    self._serve(self._named(None))
            case Authorized(expires_at):
                self._greet()
                self._be_authorized(expires_at)
            case Subscribed(tokens):
                self._greet()
                named = self._named(None) if tokens is None else tokens
                self._confirm(named, is_served=True)
                self._serve(named)
            case Unsubscribed(tokens):
                self._confirm(tokens or (), is_served=False)

    def _named(self, token: str | None) -> Sequence[str]:
        """The token that a message names; all of them, if it names none."""
        return [*self._riders] if token is None else [token]

    def _riders_of(self, tokens: Sequence[str]) -> list[Rider]:
        """None for one that was left meanwhile."""
        return [self._riders[token] for token in tokens if token in self._riders]

    def _greet(self) -> None:
        if self.is_greeted:
            return
        protocol = self.address.endpoint.protocol
        self.is_greeted = True
        self._pulse.beat_every(protocol.ping_ms / 1_000)
        if protocol.max_age_ms is not None:
            self._renew_in(self._early(protocol.max_age_ms / 1_000))

    def _serve(self, tokens: Sequence[str]) -> None:
        if not self._has_served:
            self._has_served = True
            self._keeper.note_service(self)
        for rider in self._riders_of(tokens):
            rider.on_serving(self)

    def _confirm(self, tokens: Sequence[str], *, is_served: bool) -> None:
        """Note an answer; what the app wanted meanwhile is due now."""
        for token in tokens:
            self._roster.confirm(token, is_served=is_served)
        self._gather()

    def _heed(self, error: ErrorMessage) -> None:
        named = self._named(error.token)
        reason = f"{self.address.endpoint.url} says {error.code}: {error.text}"
        is_of_all = error.code == "UNAUTHORIZED" or len(named) == 1
        if error.code in ASKS_FOR_ANOTHER and self.address.access is not None:
            self._show_another(self.address.access, error.code, reason)
        elif error.code in FINAL_CODES and (error.token is not None or is_of_all):
            for token in named:
                self._roster.drop(token)
            self._refuse(self._riders_of(named), Refused(reason, error.code))
        elif error.code == "UNAVAILABLE" and error.token is not None:
            self._confirm(named, is_served=True)
            for rider in self._riders_of(named):
                rider.on_unavailable(self, reason)
        else:
            self._fail(reason)

    def _show_another(self, access: Pass, code: str, reason: str) -> None:
        """Show another pass, but not a third one."""
        self._drop_grant()
        if code == "TOKEN_EXPIRED":
            self._fail(reason)
        elif self._stage == "authorizing again":
            self._refuse(self._riders.values(), Refused(reason, code))
        else:
            self._authorize(access, "authorizing again")

    def _refuse(self, riders: Iterable[Rider], refusal: Refused) -> None:
        for rider in [*riders]:
            rider.on_refused(refusal)


def _one_or_many(name: str, values: Sequence[str]) -> Fields:
    return {name: values[0]} if len(values) == 1 else {f"{name}s": values}
