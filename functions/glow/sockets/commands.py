"""What a client may say on the WebSocket, parsed."""

from dataclasses import dataclass, field
from typing import Final

from functions.glow.errors import BadRequest, Refused
from functions.glow.fields import Json, as_array, as_object, parse_json
from functions.glow.token import parse_token, require_distinct
from functions.glow.update import Delivery, parse_id

MAX_MESSAGE_BYTES: Final = 16 * 1024
MAX_TOKENS: Final = 100
"""Of a connection, and so of a command: what apps are used to (facts/market.md §4)."""


class UnknownAction(Refused):
    """The message's `action` is none that we know."""

    code = "UNKNOWN_ACTION"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A token to listen to. `after` asks for the replay instead of the newest price."""

    token: str
    after: str | None
    delivery: Delivery

    @property
    def replayed_after(self) -> str | None:
        """Where a replay begins; None: the newest price is wanted, as by all of `latest`."""
        return None if self.delivery == "latest" else self.after


@dataclass(frozen=True, slots=True)
class Subscribe:
    """`wanted` has one entry at least, and no token twice. A command that lists them is answered
    with a list."""

    wanted: tuple[Wanted, ...]
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """As Subscribe."""

    tokens: tuple[str, ...]
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class Authorize:
    """The client shows what it may listen to, before it subscribes."""

    access_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ping:
    pass


Command = Authorize | Subscribe | Unsubscribe | Ping


def parse_command(message: str) -> Command:
    """Read a message. Raises Refused with the field and the remedy."""
    if len(message.encode(errors="replace")) > MAX_MESSAGE_BYTES:
        raise BadRequest(f"the message is over {MAX_MESSAGE_BYTES} bytes; send one command")
    fields = as_object(parse_json(message, where="the message"), where="the message")
    match fields.get("action"):
        case "authorize":
            return _parse_authorize(fields)
        case "subscribePrice":
            return _parse_subscribe(fields)
        case "unsubscribePrice":
            return _parse_unsubscribe(fields)
        case "ping":
            return Ping()
        case _:
            raise UnknownAction(
                "action must be authorize, subscribePrice, unsubscribePrice or ping"
            )


def _parse_authorize(fields: Json) -> Authorize:
    access_token = fields.get("token")
    if not isinstance(access_token, str):
        # Not shown: it might be one, wrapped in something else.
        raise BadRequest("token must be the access token of the app, a text")
    return Authorize(access_token)


def _parse_subscribe(fields: Json) -> Subscribe:
    if "subscriptions" not in fields:
        return Subscribe((_parse_wanted(fields, where=""),))
    entries = _parse_list(fields, "subscriptions")
    wanted = tuple(
        _parse_wanted(as_object(entry, where=place), where=f"{place}.") for place, entry in entries
    )
    require_distinct([each.token for each in wanted], "subscriptions")
    return Subscribe(wanted, is_list=True)


def _parse_unsubscribe(fields: Json) -> Unsubscribe:
    if "tokens" not in fields:
        return Unsubscribe((parse_token(fields.get("token"), where="token"),))
    entries = _parse_list(fields, "tokens")
    tokens = tuple(parse_token(entry, where=place) for place, entry in entries)
    require_distinct(tokens, "tokens")
    return Unsubscribe(tokens, is_list=True)


def _parse_wanted(fields: Json, *, where: str) -> Wanted:
    token = parse_token(fields.get("token"), where=f"{where}token")
    after, delivery = fields.get("after"), fields.get("delivery")
    if delivery not in (None, "latest"):
        raise BadRequest(f'{where}delivery must be "latest", or left out for every update')
    return Wanted(
        token=token,
        after=None if after is None else parse_id(after, where=f"{where}after"),
        delivery="all" if delivery is None else "latest",
    )


def _parse_list(fields: Json, name: str) -> list[tuple[str, object]]:
    """The entries of the list `name`, each with its place."""
    if "token" in fields:
        raise BadRequest(f"token and {name} exclude one another; put the token into {name}")
    entries = as_array(fields[name], where=name)
    if not 0 < len(entries) <= MAX_TOKENS:
        raise BadRequest(f"{name} must have 1 to {MAX_TOKENS} entries; got {len(entries)}")
    return [(f"{name}[{index}]", entry) for index, entry in enumerate(entries)]
