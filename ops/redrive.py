"""`redrive`: dead letters go back to the queue that they came from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError
from rich.console import Console
from rich.table import Table

from ops.deployed import DeployedStack, StackOption, sqs_of
from ops.errors import OpsError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageTypeDef, SendMessageBatchRequestEntryTypeDef

MAX_BATCH_MESSAGES: Final = 10
_COUNTS: Final = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


@dataclass(frozen=True)
class Lane:
    """A queue and its dead-letter queue, named by the stack's outputs."""

    name: str
    queue_output: str
    dead_letters_output: str


LANES: Final = (
    Lane("broadcast", "BroadcastQueueUrl", "BroadcastDeadLetterQueueUrl"),
    Lane("edge retry", "EdgeRetryQueueUrl", "EdgeRetryDeadLetterQueueUrl"),
    Lane("route", "RouteQueueUrl", "RouteDeadLetterQueueUrl"),
    Lane("later", "LaterQueueUrl", "LaterDeadLetterQueueUrl"),
    Lane("completion", "CompletionQueueUrl", "CompletionDeadLetterQueueUrl"),
)


@dataclass(frozen=True)
class Count:
    """How many dead letters of a lane were moved, and how many are left."""

    moved: int
    left: int


def redrive(
    stack: StackOption = "local",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Bring back the dead letters of all lanes, in order. Mend the cause before you run this."""
    deployed = DeployedStack.named(stack)
    counts = {lane.name: _bring_back(deployed, lane) for lane in LANES}
    if as_json:
        lanes = {name: asdict(count) for name, count in counts.items()}
        typer.echo(json.dumps({"stack": stack, "lanes": lanes}, indent=2))
    else:
        Console().print(_table(counts))


def _bring_back(deployed: DeployedStack, lane: Lane) -> Count:
    queue_url = deployed.text(lane.queue_output)
    return move_back(
        sqs_of(queue_url),
        dead_letters_url=deployed.text(lane.dead_letters_output),
        queue_url=queue_url,
    )


def _table(counts: Mapping[str, Count]) -> Table:
    table = Table("Lane", "Brought back", "Left")
    for name, count in counts.items():
        table.add_row(name, str(count.moved), str(count.left))
    return table


def move_back(client: SQSClient, *, dead_letters_url: str, queue_url: str) -> Count:
    """Move messages from one queue to the other, each group in its order.

    StartMessageMoveTask would keep a message's deduplication id, and SQS silently drops an id that
    the queue has seen in the last five minutes. Here the id is the dead letter's own, so running
    this again after a crash sends nothing twice.

    It moves as many messages as there were at the start. A message that fails again meanwhile
    would otherwise go round for ever.
    """
    try:
        moved = 0
        due = size(client, dead_letters_url)
        for messages in batches(client, dead_letters_url):
            send_back(client, queue_url, messages)
            delete(client, dead_letters_url, messages)
            moved += len(messages)
            if moved >= due:
                break
        return Count(moved, size(client, dead_letters_url))
    except EndpointConnectionError as error:
        raise OpsError(
            f"Nothing answers at {queue_url}. Look to the network of this machine. Nothing is lost:"
            " run it again."
        ) from error
    except (BotoCoreError, ClientError) as error:
        raise OpsError(
            f"The dead letters of {dead_letters_url} could not be moved: {error}\n"
            "Likely causes: credentials of another account, or rights that lack"
            " sqs:ReceiveMessage, sqs:SendMessage and sqs:DeleteMessage. Nothing is lost: run it again."
        ) from error


def batches(client: SQSClient, url: str) -> Iterator[Sequence[MessageTypeDef]]:
    """What the queue at `url` shows, ten messages at most at a time, until it shows no more."""
    while messages := client.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=MAX_BATCH_MESSAGES,
        WaitTimeSeconds=1,  # a short poll asks only some of the servers
        MessageSystemAttributeNames=["MessageGroupId"],
    ).get("Messages"):
        yield messages


def send_back(client: SQSClient, url: str, messages: Sequence[MessageTypeDef]) -> None:
    """Send `messages`, ten at most, to the queue `url`, each in its group. Raises OpsError."""
    answer = client.send_message_batch(
        QueueUrl=url, Entries=[_entry(index, message) for index, message in enumerate(messages)]
    )
    if failed := answer.get("Failed"):
        raise OpsError(f"{url} refused {len(failed)} messages: {failed[0]}. Run it again.")


def _entry(index: int, message: MessageTypeDef) -> SendMessageBatchRequestEntryTypeDef:
    entry: SendMessageBatchRequestEntryTypeDef = {
        "Id": str(index),
        "MessageBody": message.get("Body", ""),
    }
    group = message.get("Attributes", {}).get("MessageGroupId")
    if group is not None:  # a standard queue has no groups
        entry["MessageGroupId"] = group
        entry["MessageDeduplicationId"] = message.get("MessageId", "")
    return entry


def delete(client: SQSClient, url: str, messages: Sequence[MessageTypeDef]) -> None:
    """Delete `messages`, ten at most, from the queue that handed them out."""
    client.delete_message_batch(
        QueueUrl=url,
        Entries=[
            {"Id": str(index), "ReceiptHandle": message.get("ReceiptHandle", "")}
            for index, message in enumerate(messages)
        ],
    )


def size(client: SQSClient, url: str) -> int:
    """About how many messages the queue at `url` holds, those that are being worked on too."""
    answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=_COUNTS)
    return sum(int(count) for count in answer.get("Attributes", {}).values())
