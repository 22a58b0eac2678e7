"""The emulated AWS (ministack) of these tests, and the tables and queues that the functions use."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from functions.glow.queues.batch import SqsRecord
from functions.glow.routing.routes import Routes
from functions.glow.routing.table import RouteTable
from functions.glow.runtime import aws
from functions.glow.sockets.subscriptions import Subscription, SubscriptionTable

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.literals import KeyTypeType
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.literals import QueueAttributeNameType

STACK: Final = "glow-test"
PRICES: Final = "test-PriceTimeSeriesTable"
CONNECTIONS: Final = "test-PriceConnectionsTable"
ROUTES: Final = "test-RoutesTable"
CANDLES: Final = "test-CandlesTable"
REGION: Final = "us-east-1"
_START_SECONDS: Final = 60


@contextmanager
def ministack(folder: Path) -> Generator[str]:
    """Run ministack on a free port of the loopback; its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SERVICES": "dynamodb,sqs",
    }
    with (folder / "ministack.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=environment, cwd=folder, stdout=log, stderr=log
        )
        try:
            _wait_until_it_answers(f"{url}/_ministack/health", process, folder)
            yield url
        finally:
            process.terminate()
            process.wait()


KEYS: Final[Mapping[str, Sequence[str]]] = {
    PRICES: ("token", "id"),
    CONNECTIONS: ("pk", "sk"),
    ROUTES: ("id",),
    CANDLES: ("series", "time"),
}


def create_tables(client: DynamoDBClient) -> None:
    for table in KEYS:
        create_table(client, table)


def create_table(client: DynamoDBClient, table: str) -> None:
    kinds: tuple[KeyTypeType, ...] = ("HASH", "RANGE")
    client.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in KEYS[table]
        ],
        KeySchema=[
            {"AttributeName": name, "KeyType": kind}
            for name, kind in zip(KEYS[table], kinds, strict=False)
        ],
    )


def empty_table(client: DynamoDBClient, table: str) -> None:
    """For a test that walks all of it: what others have left would cost it seconds."""
    client.delete_table(TableName=table)
    create_table(client, table)


def listeners(subscriptions: SubscriptionTable, token: str) -> list[Subscription]:
    return [s for page in subscriptions.pages(token, now=time.time()) for s in page]


def put_routes(table: RouteTable, routes: Routes) -> None:
    """Put `routes` in place of what is there."""
    assert table.replace(table.read(), routes)


class Queue:
    """A new queue, as the stack declares it."""

    def __init__(self, *, is_fifo: bool = True) -> None:
        self.reasons: list[str] = []
        self._client: SQSClient = aws.sqs(REGION)
        attributes: dict[QueueAttributeNameType, str] = {
            "VisibilityTimeout": "180",  # what is not postponed stays hidden for longer than a test
        }
        if is_fifo:
            attributes |= {
                "FifoQueue": "true",
                "DeduplicationScope": "messageGroup",
                "FifoThroughputLimit": "perMessageGroupId",
            }
        self.url = self._client.create_queue(
            QueueName=f"test-{uuid.uuid4().hex}{'.fifo' if is_fifo else ''}", Attributes=attributes
        )["QueueUrl"]

    def give_up_after(self, tries: int, dead_letters: Queue) -> None:
        """Have SQS move what failed `tries` times to `dead_letters`."""
        described = self._client.get_queue_attributes(
            QueueUrl=dead_letters.url, AttributeNames=["QueueArn"]
        )
        arn = described.get("Attributes", {}).get("QueueArn")
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": tries})
        self._client.set_queue_attributes(QueueUrl=self.url, Attributes={"RedrivePolicy": policy})

    def send(self, body: str, *, group: str) -> None:
        self._client.send_message(
            QueueUrl=self.url,
            MessageBody=body,
            MessageGroupId=group,
            MessageDeduplicationId=uuid.uuid4().hex,
        )

    def take(self) -> Sequence[SqsRecord]:
        """Take all messages out of it, in the form that Lambda gets."""
        records: list[SqsRecord] = []
        self.reasons.clear()
        while received := self.receive():
            for record in received:
                self.delete(record)
            records += received
        return records

    def receive(self, *, wait_seconds: int = 0) -> Sequence[SqsRecord]:
        """A batch as Lambda gets it: what it does not delete comes again."""
        answer = self._client.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        named = [message.get("MessageAttributes", {}) for message in messages]
        self.reasons += [reason.get("StringValue", "") for n in named for reason in n.values()]
        return [
            {
                "messageId": message.get("MessageId", ""),
                "receiptHandle": message.get("ReceiptHandle", ""),
                "body": message.get("Body", ""),
                "attributes": {
                    str(name): value for name, value in message.get("Attributes", {}).items()
                },
            }
            for message in messages
        ]

    def size(self) -> int:
        """How many messages it holds, hidden and delayed ones too."""
        counts: tuple[QueueAttributeNameType, ...] = (
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        )
        answer = self._client.get_queue_attributes(QueueUrl=self.url, AttributeNames=counts)
        return sum(int(count) for count in answer.get("Attributes", {}).values())

    def delete(self, record: SqsRecord) -> None:
        self._client.delete_message(QueueUrl=self.url, ReceiptHandle=record["receiptHandle"])


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    pause = 0.05
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own loopback URL
                return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                log = (folder / "ministack.log").read_text()[-2000:]
                raise RuntimeError(f"ministack does not answer ({error}):\n{log}") from error
        time.sleep(pause)
