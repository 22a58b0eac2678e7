"""A standard queue for its senders: each message may have a delay, and no order is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from functions.glow.errors import Unavailable
from functions.glow.runtime.aws import unavailable_unless_answered

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_MAX_BATCH_MESSAGES: Final = 10


class DelayQueue:
    """Raises Unavailable when the queue, called `name` then, does not take every message."""

    def __init__(self, client: SQSClient, queue_url: str, *, name: str) -> None:
        self._client = client
        self._queue_url = queue_url
        self._name = name

    def add(self, messages: Sequence[str], *, delay_seconds: int) -> None:
        """SQS delays by 900 s at most."""
        for start in range(0, len(messages), _MAX_BATCH_MESSAGES):
            refused = self._send(messages[start : start + _MAX_BATCH_MESSAGES], delay_seconds)
            if refused and self._send(refused, delay_seconds):
                raise Unavailable(f"{self._name} did not take every message; send it again")

    def _send(self, messages: Sequence[str], delay_seconds: int) -> list[str]:
        """Send `messages`, ten at most; return what the queue refused."""
        with unavailable_unless_answered(self._name):
            answer = self._client.send_message_batch(
                QueueUrl=self._queue_url,
                Entries=[
                    {"Id": str(index), "MessageBody": message, "DelaySeconds": delay_seconds}
                    for index, message in enumerate(messages)
                ],
            )
        return [messages[int(failure["Id"])] for failure in answer.get("Failed", [])]
