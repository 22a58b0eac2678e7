"""A function with its role and its log group."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.aws.function_role import FunctionRole, FunctionRoleArgs


@dataclass(frozen=True, kw_only=True)
class LambdaPlatform:
    """What all functions of a stack run on."""

    runtime: str
    architecture: str
    memory_mb: int
    log_retention_days: int


@dataclass(frozen=True, kw_only=True)
class LambdaFunctionArgs:
    function_name: str
    handler: str
    code: pulumi.Archive
    platform: LambdaPlatform
    timeout_seconds: int
    environment: Mapping[str, pulumi.Input[str] | None]
    """A variable that is None is not set at all."""
    grants: Sequence[Callable[[FunctionRole], None]]
    """What the function may do, as methods of the resources it does it to."""
    layers: Sequence[pulumi.Input[str]] = ()
    after: Sequence[pulumi.Resource] = ()
    """What must be in place before this code or environment is."""


class LambdaFunction(pulumi.ComponentResource):
    """A Lambda function with the rights it is granted, logging JSON to a log group of its own."""

    function_name: str
    timeout_seconds: int

    def __init__(
        self, name: str, args: LambdaFunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:LambdaFunction", name, None, opts)
        self._name = name
        self.function_name = args.function_name
        self.timeout_seconds = args.timeout_seconds
        log_group = self._log_group(args)
        role = self._role(args, log_group)
        self._function = self._lambda(args, role, log_group)
        self.register_outputs({"arn": self.arn})

    @property
    def arn(self) -> pulumi.Output[str]:
        return self._function.arn

    @property
    def invoke_arn(self) -> pulumi.Output[str]:
        """The ARN by which API Gateway calls the function."""
        return self._function.invoke_arn

    def allow_invoke(self, source: str, source_arn: pulumi.Input[str]) -> aws.lambda_.Permission:
        """Let API Gateway call the function for the route `source_arn` and nothing else."""
        return aws.lambda_.Permission(
            f"{self._name}-from-{source}",
            action="lambda:InvokeFunction",
            function=self._function.name,
            principal="apigateway.amazonaws.com",
            source_arn=source_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _log_group(self, args: LambdaFunctionArgs) -> aws.cloudwatch.LogGroup:
        # Made before the function: Lambda would create it by itself, without retention.
        return aws.cloudwatch.LogGroup(
            f"{self._name}-logs",
            name=f"/aws/lambda/{args.function_name}",
            retention_in_days=args.platform.log_retention_days,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _role(self, args: LambdaFunctionArgs, log_group: aws.cloudwatch.LogGroup) -> FunctionRole:
        role = FunctionRole(
            f"{self._name}-role",
            FunctionRoleArgs(role_name=args.function_name),
            pulumi.ResourceOptions(parent=self),
        )
        for grant in args.grants:
            grant(role)
        role.allow(
            "write-logs",
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            on=[pulumi.Output.concat(log_group.arn, ":*")],
        )
        return role

    def _lambda(
        self, args: LambdaFunctionArgs, role: FunctionRole, log_group: aws.cloudwatch.LogGroup
    ) -> aws.lambda_.Function:
        # source_code_hash stays unset: the engine compares the archive itself (pulumi-aws#3478).
        return aws.lambda_.Function(
            f"{self._name}-function",
            name=args.function_name,
            role=role.arn,
            handler=args.handler,
            code=args.code,
            layers=list(args.layers),
            runtime=args.platform.runtime,
            architectures=[args.platform.architecture],
            memory_size=args.platform.memory_mb,
            timeout=args.timeout_seconds,
            environment=aws.lambda_.FunctionEnvironmentArgs(
                variables={
                    name: value for name, value in args.environment.items() if value is not None
                }
            ),
            logging_config=aws.lambda_.FunctionLoggingConfigArgs(
                log_format="JSON",
                log_group=log_group.name,
                application_log_level="INFO",
                system_log_level="WARN",
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*role.grants, *args.after]),
        )
