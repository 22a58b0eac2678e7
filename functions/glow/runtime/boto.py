"""The AWS clients of functions whose start nobody waits for, made by boto3. The others: aws.py.

boto3 is the one of Lambda's runtime: the dependency layer does not carry it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.glow.runtime.aws import client_config

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sqs import SQSClient


def dynamodb(region: str) -> DynamoDBClient:
    import boto3  # noqa: PLC0415 - so that the core imports with nothing installed

    return boto3.client("dynamodb", region_name=region, config=client_config())


def sqs(region: str) -> SQSClient:
    import boto3  # noqa: PLC0415 - see above

    return boto3.client("sqs", region_name=region, config=client_config())
