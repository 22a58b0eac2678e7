"""The emulated AWS (ministack) of these tests, and the tables and queues that the functions use."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from functions.glow import clients
from functions.glow.batch import SqsRecord

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sqs import SQSClient

PRICES: Final = "test-PriceTimeSeriesTable"
CONNECTIONS: Final = "test-PriceConnectionsTable"
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


def create_tables(client: DynamoDBClient) -> None:
    for table, hash_key, range_key in ((PRICES, "token", "id"), (CONNECTIONS, "pk", "sk")):
        client.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": hash_key, "AttributeType": "S"},
                {"AttributeName": range_key, "AttributeType": "S"},
            ],
            KeySchema=[
                {"AttributeName": hash_key, "KeyType": "HASH"},
                {"AttributeName": range_key, "KeyType": "RANGE"},
            ],
        )


class Queue:
    """A new FIFO queue, as the stack declares it."""

    def __init__(self) -> None:
        self._client: SQSClient = clients.sqs(REGION)
        self.url = self._client.create_queue(
            QueueName=f"test-{uuid.uuid4().hex}.fifo",
            Attributes={
                "FifoQueue": "true",
                "DeduplicationScope": "messageGroup",
                "FifoThroughputLimit": "perMessageGroupId",
            },
        )["QueueUrl"]

    def send(self, body: str, *, group: str) -> None:
        self._client.send_message(
            QueueUrl=self.url,
            MessageBody=body,
            MessageGroupId=group,
            MessageDeduplicationId=uuid.uuid4().hex,
        )

    def take(self) -> Sequence[SqsRecord]:
        """All that is in it, deleted, in the form in which Lambda gets it."""
        records: list[SqsRecord] = []
        self.reasons: list[str] = []
        while True:
            answer = self._client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=10,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            messages = answer.get("Messages", [])
            if not messages:
                return records
            for message in messages:
                records.append(
                    {
                        "messageId": message.get("MessageId", ""),
                        "body": message.get("Body", ""),
                        "attributes": {
                            str(name): value
                            for name, value in message.get("Attributes", {}).items()
                        },
                    }
                )
                named = message.get("MessageAttributes", {})
                self.reasons += [reason.get("StringValue", "") for reason in named.values()]
                self._client.delete_message(
                    QueueUrl=self.url, ReceiptHandle=message.get("ReceiptHandle", "")
                )


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
