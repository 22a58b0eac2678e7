"""What the functions of a stack have in common, so that each is declared by what it differs in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components.aws.function_role import FunctionRole
from components.aws.lambda_function import LambdaFunction, LambdaFunctionArgs, LambdaPlatform

# A healthy answer takes milliseconds (Helius hangs up after 1 s); what takes this long is stuck.
REQUEST_TIMEOUT_SECONDS: Final = 10


@dataclass(frozen=True, kw_only=True)
class FunctionFamily:
    """Declares functions named `<prefix>-…` on one platform, each from its module's archive."""

    name: str
    prefix: str
    platform: LambdaPlatform
    archives: Mapping[str, pulumi.Archive]
    """The code by the module's name in `functions/`."""
    dependencies_arn: pulumi.Input[str]
    """The layer of those that post."""

    def declare(
        self,
        module: str,
        parent: pulumi.Resource,
        *,
        function_name: str,
        grants: Sequence[Callable[[FunctionRole], None]],
        environment: Mapping[str, pulumi.Input[str] | None],
        has_dependencies: bool = True,
        after: Sequence[pulumi.Resource] = (),
        timeout_seconds: int = REQUEST_TIMEOUT_SECONDS,
    ) -> LambdaFunction:
        """The function whose handler is in `functions/<module>.py`."""
        return LambdaFunction(
            f"{self.name}-{module.replace('_', '-')}",
            LambdaFunctionArgs(
                function_name=f"{self.prefix}-{function_name}",
                handler=f"functions.{module}.handler",
                code=self.archives[module],
                layers=[self.dependencies_arn] if has_dependencies else [],
                after=after,
                platform=self.platform,
                timeout_seconds=timeout_seconds,
                environment=environment,
                grants=grants,
            ),
            pulumi.ResourceOptions(parent=parent),
        )
