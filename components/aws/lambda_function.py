"""A function with its role and its log group."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import pulumi
import pulumi_aws as aws

from components.aws.encryption import EncryptionKeys
from components.aws.environment_size import size_problem
from components.aws.function_role import FunctionRole, FunctionRoleArgs
from components.aws.log_groups import LeftBehind, declare_function_log_group, log_group_name
from components.settings.groups import RuntimeSettings

# A healthy answer takes milliseconds, and Helius hangs up after 1 s: what takes this long is stuck.
_REQUEST_TIMEOUT_SECONDS: Final = 10


Lists = Mapping[str, Sequence[str]]
"""What a function is told in a file of its archive, by name: its environment holds only 4 KB."""


class FunctionCode(Protocol):
    """The code of the function whose module in `functions/` has that name, and its `lists`."""

    def __call__(self, module: str, lists: Lists) -> pulumi.Archive: ...


@dataclass(frozen=True, kw_only=True)
class LambdaPlatform:
    """What all functions of a stack have in common."""

    name: str
    """Begins the names of their resources."""
    prefix: str
    """Begins the names that AWS knows them by."""
    settings: RuntimeSettings
    code: FunctionCode
    dependencies_arn: pulumi.Input[str]
    """The layer with the packages that functions need to post."""
    left_behind: LeftBehind
    keys: EncryptionKeys
    """What encrypts their environments, and the queues."""


@dataclass(frozen=True, kw_only=True)
class LambdaFunctionArgs:
    module: str
    """Its handler is in `functions/<module>.py`."""
    function_name: str
    platform: LambdaPlatform
    grants: Sequence[Callable[[FunctionRole], None]]
    """What the function may do, as methods of the resources it does it to."""
    environment: Mapping[str, pulumi.Input[str] | None]
    """A variable that is None is not set at all."""
    lists: Lists = field(default_factory=dict[str, Sequence[str]])
    called_by: "Sequence[Callable[[LambdaFunction], object]]" = ()
    """Who calls the function, as methods of the resources that do."""
    timeout_seconds: int = _REQUEST_TIMEOUT_SECONDS
    has_dependencies: bool = True
    after: Sequence[pulumi.Resource] = ()
    """What must be in place before this code or environment is."""

    @property
    def slug(self) -> str:
        """As `edge-retry` of `edge_retry`."""
        return self.module.replace("_", "-")

    @property
    def resource_name(self) -> str:
        return f"{self.platform.name}-{self.slug}"

    @property
    def physical_name(self) -> str:
        return f"{self.platform.prefix}-{self.function_name}"


class LambdaFunction(pulumi.ComponentResource):
    """A Lambda function with the rights it is granted, logging JSON to a log group of its own."""

    slug: str
    """Its name among the resources, alarms and outputs of the stack."""
    function_name: str
    resource_name: str
    """Begins the names of what belongs to it."""

    def __init__(
        self, name: str, args: LambdaFunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:LambdaFunction", name, None, opts)
        self._name = name
        self.slug = args.slug
        self.function_name = args.physical_name
        self.resource_name = name
        log_group = self._log_group(args)
        role = self._role(args, log_group)
        self._function = self._lambda(args, role, log_group)
        for call in args.called_by:
            call(self)
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
        return declare_function_log_group(
            f"{self._name}-logs",
            group=log_group_name(args.physical_name),
            retention_days=args.platform.settings.log_retention_days,
            left_behind=args.platform.left_behind,
            parent=self,
        )

    def _role(self, args: LambdaFunctionArgs, log_group: aws.cloudwatch.LogGroup) -> FunctionRole:
        role = FunctionRole(
            f"{self._name}-role",
            FunctionRoleArgs(role_name=args.physical_name),
            pulumi.ResourceOptions(parent=self),
        )
        for grant in args.grants:
            grant(role)
        args.platform.keys.allow_use(role)
        if args.platform.settings.is_traced:
            # X-Ray knows no resource that these could be narrowed to (Service Authorization Reference).
            role.allow(
                "write-traces",
                actions=["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
                on=["*"],
            )
        role.allow(
            "write-logs",
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            on=[pulumi.Output.concat(log_group.arn, ":*")],
        )
        return role

    def _lambda(
        self, args: LambdaFunctionArgs, role: FunctionRole, log_group: aws.cloudwatch.LogGroup
    ) -> aws.lambda_.Function:
        variables = {name: value for name, value in args.environment.items() if value is not None}
        _refuse_if_too_large(args.physical_name, variables)
        # source_code_hash stays unset: the engine compares the archive itself (pulumi-aws#3478).
        return aws.lambda_.Function(
            f"{self._name}-function",
            name=args.physical_name,
            role=role.arn,
            handler=f"functions.{args.module}.handler",
            code=args.platform.code(args.module, args.lists),
            layers=[args.platform.dependencies_arn] if args.has_dependencies else [],
            runtime=args.platform.settings.runtime,
            architectures=[args.platform.settings.architecture],
            memory_size=args.platform.settings.memory_mb,
            timeout=args.timeout_seconds,
            environment=aws.lambda_.FunctionEnvironmentArgs(variables=variables),
            kms_key_arn=args.platform.keys.current,
            logging_config=aws.lambda_.FunctionLoggingConfigArgs(
                log_format="JSON",
                log_group=log_group.name,
                application_log_level="INFO",
                system_log_level="WARN",
            ),
            # Said even if it is off: the provider would leave on what is no longer mentioned.
            tracing_config=aws.lambda_.FunctionTracingConfigArgs(
                mode="Active" if args.platform.settings.is_traced else "PassThrough"
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*role.grants, *args.after]),
        )


def _refuse_if_too_large(function: str, variables: Mapping[str, pulumi.Input[str]]) -> None:
    def check(values: Mapping[str, object]) -> None:
        if problem := size_problem(function, values):
            raise pulumi.RunError(problem)

    # Also in a preview of what is not made yet, where some values are unknown.
    pulumi.Output.all(**variables).apply(check, run_with_unknowns=True)
