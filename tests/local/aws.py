"""What an operator sees with the account's own key."""

from dataclasses import dataclass
from typing import Any

from botocore.session import Session


@dataclass(frozen=True)
class Aws:
    """Clients of one emulated account."""

    session: Session
    url: str

    def client(self, service: str) -> Any:
        return self.session.create_client(
            service,
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def connection_rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of the connection table: connections and their subscriptions."""
        return self.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]

    def queued(self, url: str) -> int:
        """How many messages wait in a queue or are being worked on."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(int(attributes["Attributes"][name]) for name in names)

    def take(self, url: str) -> list[dict[str, Any]]:
        """Up to ten messages, taken out of the queue."""
        sqs = self.client("sqs")
        received = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        messages: list[dict[str, Any]] = received.get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return messages
