"""How much waits in the queues, and for how long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ops.redrive import LANES, size
from ops.status.reading import QueueReading
from ops.verify.target import Target

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_COUNTS: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def read_queues(target: Target, oldest_seconds: Mapping[str, float]) -> Sequence[QueueReading]:
    """Each lane's queue and its dead letters. `oldest_seconds` are known by the queues' names."""
    client = target.sqs
    found: list[QueueReading] = []
    for lane in LANES:
        url = target.deployed.text(lane.queue_output)
        waiting, in_flight, delayed = _counts(client, url)
        found.append(
            QueueReading(
                name=lane.name,
                waiting=waiting,
                in_flight=in_flight,
                delayed=delayed,
                oldest_seconds=oldest_seconds.get(queue_name(url)),
                dead_letters=size(client, target.deployed.text(lane.dead_letters_output)),
            )
        )
    return found


def queue_name(url: str) -> str:
    return url.rsplit("/", 1)[-1]


def _counts(client: SQSClient, url: str) -> tuple[int, int, int]:
    answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=_COUNTS)
    attributes = answer.get("Attributes", {})
    waiting, in_flight, delayed = (int(attributes.get(name, 0)) for name in _COUNTS)
    return waiting, in_flight, delayed
