"""Makes AWS clients for the configured endpoints. The settings are those of the real provider."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self, cast

import boto3.session
from botocore.config import Config

from local.config import AWS_SERVICES
from local.provider.server import THREADS
from local.provider.values import Properties, Value, text

if TYPE_CHECKING:  # the stubs are installed for the type checker only
    from types_boto3_apigatewayv2 import ApiGatewayV2Client
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_iam import IAMClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

# As long as a function may run (Lambda quotas). With less, botocore would give up an invocation and
# invoke the function again while the first one still runs.
_READ_TIMEOUT_SECONDS: Final = 15 * 60

# Settings of the real provider. The skip… settings have no effect, because what they skip is never done
# here; stacks made by an earlier version have them.
SETTINGS: Final = frozenset({
    "accessKey", "endpoints", "region", "secretKey", "skipCredentialsValidation",
    "skipMetadataApiCheck", "skipRequestingAccountId", "version",
})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Session:
    """One client per service. Threads may share the clients; creating them is not thread-safe."""

    region: str
    api_gateway_url: str
    apigatewayv2: "ApiGatewayV2Client"
    budgets: Any  # no stubs are installed for it, as for scheduler and sts
    cloudwatch: "CloudWatchClient"
    dynamodb: "DynamoDBClient"
    iam: "IAMClient"
    kms: Any
    lambda_: "LambdaClient"
    logs: "CloudWatchLogsClient"
    scheduler: Any
    sns: "SNSClient"
    sqs: "SQSClient"
    sts: Any  # used once

    @classmethod
    def of(cls, config: Properties) -> Self:
        """Connect to `endpoints`; raise ValueError if one is missing.

        botocore would call the real AWS for a service without an endpoint.
        """
        endpoints = _endpoints(config.get("endpoints"))
        missing = sorted(set(AWS_SERVICES) - endpoints.keys())
        if missing:
            raise ValueError(
                f"aws:endpoints lacks {', '.join(missing)}: the local provider never calls the"
                " real AWS. Add the URL of the local cloud for each"
            )
        session: Any = (
            boto3.session.Session()
        )  # its stubs know the clients of installed stubs alone
        clients: dict[str, Any] = {
            "lambda_" if service == "lambda" else service: session.client(
                service,
                region_name=text(config, "region"),
                endpoint_url=endpoints[service],
                aws_access_key_id=text(config, "accessKey"),
                aws_secret_access_key=text(config, "secretKey"),
                config=Config(max_pool_connections=THREADS, read_timeout=_READ_TIMEOUT_SECONDS),
            )
            for service in AWS_SERVICES
        }
        return cls(
            region=text(config, "region"),
            api_gateway_url=endpoints["apigatewayv2"].rstrip("/"),
            **clients,
        )

    @cached_property
    def account(self) -> str:
        """The account id."""
        identity: dict[str, str] = self.sts.get_caller_identity()
        return identity["Account"]


def _endpoints(value: Value) -> dict[str, str]:
    """Service → URL. The engine sends a list in the configuration as JSON text."""
    listed = cast("list[dict[str, str]]", json.loads(value) if isinstance(value, str) else value)
    return {service: url for group in listed or [] for service, url in group.items()}
