"""The queue of what could not be rolled up: what a rebuild has made good is taken out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, Field, ValidationError

from functions.glow.holes.watch import SETTLE_SECONDS
from ops.errors import OpsError
from ops.redrive import MAX_BATCH_MESSAGES, batches, delete

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageTypeDef

OUTPUT: Final = "CandleFailuresQueueUrl"


class _Batch(BaseModel):
    """When its first and its last row were stored."""

    first: datetime = Field(alias="approximateArrivalOfFirstRecord")
    last: datetime = Field(alias="approximateArrivalOfLastRecord")


class _Failure(BaseModel):
    """What Lambda writes of a batch of a stream that failed in all its tries."""

    batch: _Batch = Field(alias="DDBStreamBatchInfo")


@dataclass(frozen=True, kw_only=True)
class Settled:
    """How many failures were taken out, and how many lie outside the time that was made again.

    `since`, in Unix seconds, is what to make again for those.
    """

    settled: int
    left: int
    since: int | None = None


def settle(client: SQSClient, url: str, start: int, end: int) -> Settled:
    """Delete the failures of trades from `start` until `end`, in Unix seconds. Raises OpsError.

    What is no failure of Lambda's stays.
    """
    settled = 0
    kept: dict[str, MessageTypeDef] = {}
    starts: list[int] = []
    try:
        for messages in batches(client, url):
            done: list[MessageTypeDef] = []
            for message in messages:
                span = _span(message)
                if span and start <= span[0] and span[1] < end:
                    done.append(message)
                    continue
                kept[message.get("MessageId", "")] = message
                starts += [span[0]] if span else []
            if done:
                delete(client, url, done)
                settled += len(done)
        _show_again(client, url, list(kept.values()))
    except (BotoCoreError, ClientError) as error:
        raise OpsError(
            f"The candles are made again, but their failures stay in {url}: {error}\n"
            "Likely causes: credentials of another account, or rights that lack sqs:ReceiveMessage,"
            " sqs:DeleteMessage and sqs:ChangeMessageVisibility. Run it again."
        ) from error
    return Settled(settled=settled, left=len(kept), since=min(starts, default=None))


def _span(message: MessageTypeDef) -> tuple[int, int] | None:
    """From when to when, in Unix seconds, the trades of a failure were made; None: it is none.

    Those of a backfill were made earlier: who runs one makes their candles again himself.
    """
    try:
        batch = _Failure.model_validate_json(message.get("Body", "")).batch
    except ValidationError:
        return None
    # Its times are those at which rows were stored, and a trade may have been on its way for so long.
    return int(batch.first.timestamp()) - SETTLE_SECONDS, int(batch.last.timestamp())


def _show_again(client: SQSClient, url: str, messages: Sequence[MessageTypeDef]) -> None:
    """The alarm counts what is visible."""
    for first in range(0, len(messages), MAX_BATCH_MESSAGES):
        client.change_message_visibility_batch(
            QueueUrl=url,
            Entries=[
                {
                    "Id": str(index),
                    "ReceiptHandle": message.get("ReceiptHandle", ""),
                    "VisibilityTimeout": 0,
                }
                for index, message in enumerate(messages[first : first + MAX_BATCH_MESSAGES])
            ],
        )
