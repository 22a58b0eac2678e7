"""What is to be done in some seconds, as messages of LaterQueue.

It is a standard queue, because a FIFO queue knows no delay of a single message. So a message may
come twice, or after another one: what it asks for is decided anew, by the rows as they are then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from functions.glow.errors import BadRequest, Unavailable
from functions.glow.fields import Json, as_object, parse_json
from functions.glow.runtime.aws import unavailable_unless_answered
from functions.glow.token import shown

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

Kind = Literal["catch_up"]
KINDS: Final[tuple[Kind, ...]] = ("catch_up",)

_MAX_BATCH_MESSAGES: Final = 10
_NAME: Final = "the later queue"


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
        self._client = client
        self._queue_url = queue_url

    def add(self, messages: Sequence[Later], *, delay_seconds: int) -> None:
        """SQS delays by 900 s at most."""
        for start in range(0, len(messages), _MAX_BATCH_MESSAGES):
            refused = self._send(messages[start : start + _MAX_BATCH_MESSAGES], delay_seconds)
            if refused and self._send(refused, delay_seconds):
                raise Unavailable(f"{_NAME} did not take every message; send it again")

    def _send(self, messages: Sequence[Later], delay_seconds: int) -> list[Later]:
        """Send `messages`, ten at most; return what the queue refused."""
        with unavailable_unless_answered(_NAME):
            answer = self._client.send_message_batch(
                QueueUrl=self._queue_url,
                Entries=[
                    {
                        "Id": str(index),
                        "MessageBody": message.to_json(),
                        "DelaySeconds": delay_seconds,
                    }
                    for index, message in enumerate(messages)
                ],
            )
        return [messages[int(failure["Id"])] for failure in answer.get("Failed", [])]
