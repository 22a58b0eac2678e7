"""The AWS clients of functions whose start nobody waits for, made by boto3. The others: aws.py.

boto3 is the one of Lambda's runtime: the dependency layer does not carry it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from functions.glow.runtime.aws import client_config

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sqs import SQSClient


def cloudwatch(region: str) -> CloudWatchClient:
    return _session().client("cloudwatch", region_name=region, config=client_config())


def dynamodb(region: str) -> DynamoDBClient:
    return _session().client("dynamodb", region_name=region, config=client_config())


def sqs(region: str) -> SQSClient:
    return _session().client("sqs", region_name=region, config=client_config())


@cache
def _session() -> Any:  # noqa: ANN401  see its docstring
    """Its stubs know the clients of installed stubs alone."""
    from boto3.session import Session  # noqa: PLC0415 - the core imports with nothing installed

    return Session()
