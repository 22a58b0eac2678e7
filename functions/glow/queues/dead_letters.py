"""A queue's dead-letter queue, for what no retry can mend."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypedDict

from functions.glow import log
from functions.glow.errors import Unavailable
from functions.glow.queues.batch import Poison
from functions.glow.runtime.aws import unavailable_unless_answered

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


class _Order(TypedDict, total=False):
    MessageGroupId: str
    MessageDeduplicationId: str


class DeadLetterQueue:
    """SQS itself moves here what failed too often; a worker sends here what can never succeed."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, poisons: Iterable[Poison]) -> list[str]:
        """Move `poisons` to this queue; the message ids of those that it did not take."""
        return [poison.record["messageId"] for poison in poisons if not self._is_sent(poison)]

    def _is_sent(self, poison: Poison) -> bool:
        message_id = poison.record["messageId"]
        log.warning("record_is_poison", messageId=message_id, reason=poison.reason)
        try:
            self._send_one(poison)
        except Unavailable as error:
            log.exception("dead_letter_not_sent", messageId=message_id, reason=str(error))
            return False
        return True

    def _send_one(self, poison: Poison) -> None:
        """Send the record as it came, with the `reason` as an attribute. Raises Unavailable."""
        record = poison.record
        group = record["attributes"].get("MessageGroupId")
        order: _Order = {}
        if group is not None:  # of a FIFO queue, whose dead-letter queue is one too
            order = {"MessageGroupId": group, "MessageDeduplicationId": record["messageId"]}
        with unavailable_unless_answered("the dead-letter queue"):
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=record["body"],
                MessageAttributes={"reason": {"DataType": "String", "StringValue": poison.reason}},
                **order,
            )
