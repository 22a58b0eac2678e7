"""Publishing to a FIFO queue: the path to AWS, and what the edge did not take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from functions.glow.errors import Unavailable
from functions.glow.runtime.aws import unavailable_unless_answered
from functions.glow.runtime.parallel import in_parallel
from functions.glow.update import Update

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

MAX_BATCH_MESSAGES: Final = 10
MAX_BATCH_TOKENS: Final = 10


class QueuePublisher:
    """Sends each update as a message: its group is the token, its deduplication id the update's.

    `name` is what errors call the queue.
    """

    def __init__(self, client: SQSClient, queue_url: str, *, name: str) -> None:
        self._client = client
        self._queue_url = queue_url
        self._name = name

    def publish(self, updates: Sequence[Update]) -> None:
        in_parallel(self._send_lane, _lanes(updates))

    def _send_lane(self, lane: Sequence[Update]) -> None:
        remaining = iter(lane)
        while batch := list(islice(remaining, MAX_BATCH_MESSAGES)):
            refused = self._send(batch)
            if refused and self._send(refused):
                raise Unavailable(f"{self._name} did not take every update; send it again")

    def _send(self, batch: Sequence[Update]) -> list[Update]:
        """Send `batch`; return what the queue refused."""
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {
                "Id": str(index),
                "MessageBody": update.to_json(),
                "MessageGroupId": update.token,
                "MessageDeduplicationId": update.id,
            }
            for index, update in enumerate(batch)
        ]
        with unavailable_unless_answered(self._name):
            answer = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
        return [batch[int(failure["Id"])] for failure in answer.get("Failed", [])]


def _lanes(updates: Iterable[Update]) -> list[list[Update]]:
    """`updates` in lanes that may be sent side by side: all of a token are in one, in order."""
    by_token: defaultdict[str, list[Update]] = defaultdict(list)
    for update in updates:
        by_token[update.token].append(update)
    tokens = list(by_token.values())
    return [
        [update for of_token in tokens[start : start + MAX_BATCH_TOKENS] for update in of_token]
        for start in range(0, len(tokens), MAX_BATCH_TOKENS)
    ]
