"""Gives an update to one path directly, as the function does that publishes on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import httpx
from botocore.session import Session

from functions.glow.update import Update
from local.errors import LocalError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


def put_on_broadcast_queue(aws_url: str, queue_url: str, update: Update) -> None:
    """Send `update` to the queue of the AWS path, with the emulator's own key."""
    client = Session().create_client(
        "sqs",
        region_name="us-east-1",
        endpoint_url=aws_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  the emulator's
    )
    cast("SQSClient", client).send_message(
        QueueUrl=queue_url,
        MessageBody=update.to_json(),
        MessageGroupId=update.token,
        MessageDeduplicationId=update.id,
    )


def post_to_edge(edge_url: str, secret: str, update: Update) -> None:
    """Post `update` to the worker; LocalError unless it takes it."""
    answer = httpx.post(
        f"{edge_url}/broadcast/{update.token}",
        json=update.to_dict(),
        headers={"Authorization": f"Bearer {secret}"},
        timeout=30,
    )
    if not answer.is_success:
        raise LocalError(f"The edge answered {answer.status_code}: {answer.text}")
