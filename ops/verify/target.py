"""The stack that is verified: its outputs, its config, and clients for its cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self, cast
from urllib.parse import urlencode

import typer

from functions.glow.paths import Path
from functions.glow.routing.policy import Policy, parse_policy
from functions.glow.token import PROBE_TOKEN
from ops.deployed import (
    DeployedStack,
    account_of,
    budgets_of,
    cloudwatch_of,
    dynamodb_of,
    lambda_of,
    logs_of,
    sns_of,
    sqs_of,
)
from ops.verify.config import Config
from workspace.stack import LOCAL, LOCAL_LAUNCHER, Stack, stack_named

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

_ANY_PORT: Final = ":*"


@dataclass(frozen=True, kw_only=True)
class Target:
    """`origin` is whose pages must be let in; None: `sends_origin`."""

    deployed: DeployedStack
    config: Config
    origin: str | None = None

    @classmethod
    def named(cls, stack: str, *, origin: str | None = None) -> Self:
        """Read outputs and config of `stack` through the Pulumi CLI. Raises WorkspaceError."""
        found = stack_named(stack, lambda line: typer.echo(line, err=True))
        return cls(deployed=DeployedStack.named(stack), config=Config.of(found), origin=origin)

    @classmethod
    def of(cls, stack: Stack) -> Self:
        """Outputs and config of `stack` as they are now. Raises WorkspaceError."""
        return cls(deployed=DeployedStack(stack.name, stack.outputs()), config=Config.of(stack))

    @property
    def name(self) -> str:
        return self.deployed.name

    @property
    def up(self) -> str:
        return self.deployed.up_command

    @property
    def mend(self) -> str:
        """What brings back what was changed or deleted by hand."""
        return self.pulumi("up --refresh")

    def pulumi(self, arguments: str) -> str:
        """A command of Pulumi's on this stack."""
        if self.name == LOCAL:
            return f"{LOCAL_LAUNCHER} {arguments}"
        return f"pulumi {arguments} --stack {self.name}"

    @property
    def rest_url(self) -> str:
        return self.deployed.text("RestApiUrl")

    @property
    def webhook_url(self) -> str:
        return self.deployed.text("WebhookUrl")

    @property
    def edge_url(self) -> str | None:
        value = self.deployed.outputs.get("EdgeUrl")
        return value if isinstance(value, str) else None

    @property
    def rooms(self) -> str:
        """Where the deployed Worker has rooms made. One that is older than that stays where it is."""
        told = self.deployed.outputs.get("EdgeVariables")
        variables: Mapping[str, str] = (
            cast("Mapping[str, str]", told) if isinstance(told, Mapping) else {}
        )
        place = variables.get("LOCATION_HINT")
        return (
            f"rooms of generation {variables.get('ROOM_GENERATION', '0')} made"
            f" {'where they are first used' if place is None else f'near {place}'}"
        )

    @property
    def policy(self) -> Policy:
        return parse_policy(self.deployed.text("Routing"))

    @property
    def paths(self) -> frozenset[Path]:
        """Those on which trades of the reserved token are published."""
        return self.policy.paths(PROBE_TOKEN)

    @property
    def sends_origin(self) -> str:
        """The Origin of the sockets that are opened here: the first of `allowedOrigins`."""
        web = [origin for origin in self.config.origins if origin.startswith("http")]
        if web:
            return web[0].removesuffix(_ANY_PORT)
        return (self.edge_url or self.rest_url).rstrip("/")

    def socket_url(self, path: Path) -> str:
        """Where a client of the reserved token connects. It holds the access token: never shown."""
        if path == "aws":
            return self.deployed.text("WebSocketUrl")
        url = f"{self.deployed.text('EdgeUrl').replace('http', 'ws', 1)}/ws/{PROBE_TOKEN}"
        shown = self.config.access_token
        return url if shown is None else f"{url}?{urlencode({'access_token': shown})}"

    def logs(self, function: str) -> str:
        """The command that shows what a function said lately."""
        name = self.deployed.function_names.get(function, function)
        return f"aws logs tail /aws/lambda/{name} --since 10m"

    @property
    def _queue_url(self) -> str:
        return self.deployed.text("LaterQueueUrl")

    @property
    def dynamodb(self) -> DynamoDBClient:
        return dynamodb_of(self._queue_url)

    @property
    def sqs(self) -> SQSClient:
        return sqs_of(self._queue_url)

    @property
    def lambdas(self) -> LambdaClient:
        return lambda_of(self._queue_url)

    @property
    def cloudwatch(self) -> CloudWatchClient:
        return cloudwatch_of(self._queue_url)

    @property
    def cloudwatch_logs(self) -> CloudWatchLogsClient:
        return logs_of(self._queue_url)

    @property
    def budgets(self) -> Any:  # noqa: ANN401  no stubs are installed for it
        return budgets_of(self._queue_url)

    @property
    def account(self) -> str:
        return account_of(self._queue_url)

    @property
    def sns(self) -> SNSClient:
        return sns_of(self._queue_url)
