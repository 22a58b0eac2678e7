"""What is to be done in some seconds, as messages of LaterQueue.

It is a standard queue, because a FIFO queue knows no delay of a single message. So a message may
come twice, or after another one: what it asks for is decided anew, by the rows as they are then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from functions.glow.errors import BadRequest
from functions.glow.fields import Json, as_object, parse_json
from functions.glow.queues.delay_queue import DelayQueue
from functions.glow.token import shown

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

Kind = Literal["catch_up", "release"]
KINDS: Final[tuple[Kind, ...]] = ("catch_up", "release")


@dataclass(frozen=True, slots=True)
class Later:
    """A message. `fields` are for the module that does this kind of thing."""

    kind: Kind
    fields: Json

    def to_json(self) -> str:
        return json.dumps({"kind": self.kind, **self.fields}, separators=(",", ":"))


def parse_later(text: str) -> Later:
    """Read a message back. Raises BadRequest."""
    fields: Mapping[str, object] = as_object(parse_json(text, where="message"), where="message")
    for kind in KINDS:
        if fields.get("kind") == kind:
            return Later(kind, {name: fields[name] for name in fields if name != "kind"})
    raise BadRequest(f"kind must be one of {', '.join(KINDS)}; got {shown(fields.get('kind'))}")


class LaterQueue:
    """Raises Unavailable when the queue does not take every message."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._queue = DelayQueue(client, queue_url, name="the later queue")

    def add(self, messages: Sequence[Later], *, delay_seconds: int) -> None:
        """SQS delays by 900 s at most."""
        self._queue.add([message.to_json() for message in messages], delay_seconds=delay_seconds)
