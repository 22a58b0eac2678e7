"""A queue's dead-letter queue, for what no retry can mend."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from functions.glow import log
from functions.glow.errors import Unavailable
from functions.glow.queues.batch import Poison
from functions.glow.runtime.aws import unavailable_unless_answered

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


class DeadLetterQueue:
    """Where SQS itself puts what failed too often, and the worker what can never succeed."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def bury(self, poisons: Iterable[Poison]) -> list[str]:
        """Put `poisons` where they harm nobody; the ids of those that could not be put there."""
        return [poison.record["messageId"] for poison in poisons if not self._is_buried(poison)]

    def _is_buried(self, poison: Poison) -> bool:
        message_id = poison.record["messageId"]
        log.warning("record_is_poison", messageId=message_id, reason=poison.reason)
        try:
            self._send(poison)
        except Unavailable as error:
            log.exception("poison_not_buried", messageId=message_id, reason=str(error))
            return False
        return True

    def _send(self, poison: Poison) -> None:
        """Send the record as it came, with the `reason` as an attribute. Raises Unavailable."""
        record = poison.record
        with unavailable_unless_answered("the dead-letter queue"):
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=record["body"],
                MessageGroupId=record["attributes"]["MessageGroupId"],
                MessageDeduplicationId=record["messageId"],
                MessageAttributes={"reason": {"DataType": "String", "StringValue": poison.reason}},
            )
