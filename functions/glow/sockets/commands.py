"""What a client may say on the WebSocket, parsed."""

from dataclasses import dataclass
from typing import Final

from functions.glow.errors import BadRequest, Refused
from functions.glow.fields import Json, as_object, parse_json
from functions.glow.token import parse_token
from functions.glow.update import Delivery, parse_id

MAX_MESSAGE_BYTES: Final = 16 * 1024  # 100 tokens, each with a cursor


class UnknownAction(Refused):
    """The message's `action` is none that we know."""

    code = "UNKNOWN_ACTION"


@dataclass(frozen=True, slots=True)
class Subscribe:
    """`after` asks for the replay instead of the newest price."""

    token: str
    after: str | None
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    token: str


@dataclass(frozen=True, slots=True)
class Ping:
    pass


Command = Subscribe | Unsubscribe | Ping


def parse_command(message: str) -> Command:
    """Read a message. Raises Refused with the field and the remedy."""
    if len(message.encode(errors="replace")) > MAX_MESSAGE_BYTES:
        raise BadRequest(f"the message is over {MAX_MESSAGE_BYTES} bytes; send one command")
    fields = as_object(parse_json(message, where="the message"), where="the message")
    match fields.get("action"):
        case "subscribePrice":
            return _parse_subscribe(fields)
        case "unsubscribePrice":
            return Unsubscribe(parse_token(fields.get("token"), where="token"))
        case "ping":
            return Ping()
        case _:
            raise UnknownAction("action must be subscribePrice, unsubscribePrice or ping")


def _parse_subscribe(fields: Json) -> Subscribe:
    token = parse_token(fields.get("token"), where="token")
    after, delivery = fields.get("after"), fields.get("delivery")
    if delivery not in (None, "latest"):
        raise BadRequest('delivery must be "latest", or left out for every update')
    return Subscribe(
        token=token,
        after=None if after is None else parse_id(after, where="after"),
        delivery="all" if delivery is None else "latest",
    )
