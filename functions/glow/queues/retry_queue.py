"""A queue for its consumer: records that failed, or are not due yet, come again later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from functions.glow import log
from functions.glow.errors import Unavailable
from functions.glow.queues.batch import SqsRecord
from functions.glow.queues.delays import retry_delay_seconds
from functions.glow.runtime.aws import unavailable_unless_answered

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


class RetryQueue:
    """The more tries a record has had, the longer it waits: `base_seconds` after the first."""

    def __init__(
        self, client: SQSClient, queue_url: str, *, base_seconds: int, max_tries: int
    ) -> None:
        self._client = client
        self._queue_url = queue_url
        self._base_seconds = base_seconds
        self._max_tries = max_tries

    def postpone(self, records: Sequence[SqsRecord]) -> int:
        """Hide `records` of one token, ten at most, for the seconds that are returned.

        All wait as long as the one that was tried most, so that they come again together: a FIFO
        queue hands out nothing of a group while one of its messages is hidden. Other groups go on.
        """
        tries = max(int(record["attributes"]["ApproximateReceiveCount"]) for record in records)
        seconds = retry_delay_seconds(
            tries, base_seconds=self._base_seconds, max_tries=self._max_tries
        )
        self.hide(records, seconds=seconds)
        return seconds

    def hide(self, records: Sequence[SqsRecord], *, seconds: int) -> None:
        """Hide `records`, ten at most, for `seconds` from now; SQS takes up to 12 hours."""
        try:
            with unavailable_unless_answered("the queue"):
                self._client.change_message_visibility_batch(
                    QueueUrl=self._queue_url,
                    Entries=[
                        {
                            "Id": str(index),
                            "ReceiptHandle": record["receiptHandle"],
                            "VisibilityTimeout": seconds,
                        }
                        for index, record in enumerate(records)
                    ],
                )
        except Unavailable as error:
            # They come again anyway, after the queue's own visibility time-out.
            log.exception("records_not_hidden", reason=str(error))
