"""A deployed stack: its outputs, and a client for its queues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, cast
from urllib.parse import urlsplit

import typer
from boto3.session import Session

from ops.errors import OpsError
from workspace.ports import LOOPBACK, accepts
from workspace.stack import LOCAL, stack_named

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

StackOption = Annotated[str, typer.Option("--stack", help="The stack: dev, prod, local ...")]


@dataclass(frozen=True)
class DeployedStack:
    """A stack's name and outputs."""

    name: str
    outputs: Mapping[str, object]

    @classmethod
    def named(cls, name: str) -> DeployedStack:
        """Read the outputs of stack `name`. Raises WorkspaceError, also if the local cloud is down."""
        deployed = cls(name, stack_named(name, _say).outputs())
        deployed.require_running()
        return deployed

    def require_running(self) -> None:
        """Raise OpsError if the stack is on this machine and nothing answers there."""
        url = urlsplit(str(self.outputs.get("RestApiUrl", "")))
        if url.hostname == LOOPBACK and url.port and not accepts(url.port):
            raise OpsError(
                f"The cloud of stack {self.name} is not running: nothing answers at {url.netloc}."
                " Start it: make up"
            )

    def text(self, output: str) -> str:
        """Return the output named `output`. Raises OpsError if there is none."""
        value = self.outputs.get(output)
        if not isinstance(value, str):
            raise OpsError(
                f"Stack {self.name} has no output {output}. Deploy this version: {self.up_command}"
            )
        return value

    @property
    def up_command(self) -> str:
        """What deploys the stack."""
        return "make up" if self.name == LOCAL else f"pulumi up --stack {self.name}"

    @property
    def function_names(self) -> Mapping[str, str]:
        """The names of the Lambda functions in the account, by those in the outputs."""
        names = self.outputs.get("FunctionNames")
        return cast("Mapping[str, str]", names) if isinstance(names, Mapping) else {}


def sqs_of(queue_url: str) -> SQSClient:
    """Return a client for the SQS that holds the queue at `queue_url`."""
    return _client("sqs", queue_url)


def dynamodb_of(queue_url: str) -> DynamoDBClient:
    """Return a client for the DynamoDB beside the queue at `queue_url`: same account, same region."""
    return _client("dynamodb", queue_url)


def lambda_of(queue_url: str) -> LambdaClient:
    """Return a client for the Lambda beside the queue at `queue_url`."""
    return _client("lambda", queue_url)


def cloudwatch_of(queue_url: str) -> CloudWatchClient:
    """Return a client for the CloudWatch beside the queue at `queue_url`."""
    return _client("cloudwatch", queue_url)


def logs_of(queue_url: str) -> CloudWatchLogsClient:
    """Return a client for the CloudWatch Logs beside the queue at `queue_url`."""
    return _client("logs", queue_url)


def budgets_of(queue_url: str) -> Any:  # noqa: ANN401  no stubs are installed for it
    """Return a client for the Budgets of the account that has the queue at `queue_url`."""
    return _client("budgets", queue_url)


def account_of(queue_url: str) -> str:
    """The account that has the queue at `queue_url`."""
    return urlsplit(queue_url).path.split("/")[1]


def sns_of(queue_url: str) -> SNSClient:
    """Return a client for the SNS beside the queue at `queue_url`."""
    return _client("sns", queue_url)


def _client(service: str, queue_url: str) -> Any:  # noqa: ANN401  see the session's comment
    """It uses the operator's own credentials. A queue on this machine belongs to the local cloud,
    which has one account and one region."""
    session: Any = Session()  # its stubs know the clients of installed stubs alone
    url = urlsplit(queue_url)
    if url.hostname == LOOPBACK:
        return session.client(
            service,
            endpoint_url=f"{url.scheme}://{url.netloc}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the emulator's
        )
    # https://sqs.<region>.amazonaws.com/<account>/<name>
    region = (url.hostname or "").split(".")[1]
    return session.client(service, region_name=region)


def _say(line: str) -> None:
    typer.echo(line, err=True)
