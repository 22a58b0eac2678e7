"""The broadcast queue's dead-letter queue, for what no retry can mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.glow.batch import Poison
from functions.glow.clients import unavailable_unless_answered

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


class DeadLetterQueue:
    """Where SQS itself puts what failed too often, and the worker what can never succeed."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def bury(self, poison: Poison) -> None:
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
