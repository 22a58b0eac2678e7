"""The identity of a function: a role that starts with no rights at all."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

Condition = Mapping[str, Mapping[str, Sequence[str]]]
"""What IAM wants to hold for a request: values by key, by operator."""

_ASSUMED_BY_LAMBDA: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"},
            }
        ],
    }
)


@dataclass(frozen=True, kw_only=True)
class FunctionRoleArgs:
    role_name: str


class FunctionRole(pulumi.ComponentResource):
    """The role of one function. It is made before the function, so code never runs without its rights."""

    grants: list[aws.iam.RolePolicy]

    def __init__(
        self, name: str, args: FunctionRoleArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:FunctionRole", name, None, opts)
        self._name = name
        self._role = aws.iam.Role(
            f"{name}-lambda",
            name=args.role_name,
            assume_role_policy=_ASSUMED_BY_LAMBDA,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.grants = []
        self.register_outputs({"arn": self.arn})

    @property
    def arn(self) -> pulumi.Output[str]:
        return self._role.arn

    def allow(
        self,
        grant: str,
        *,
        actions: Sequence[str],
        on: Sequence[pulumi.Input[str]],
        only: Condition | None = None,
    ) -> None:
        """Grant `actions` on the ARNs `on`, as the role's policy named `grant`; `only` where that
        condition holds."""
        condition = {} if only is None else {"Condition": only}
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(on), **condition}
        policy = aws.iam.RolePolicy(
            f"{self._name}-{grant}",
            name=grant,
            role=self._role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]}),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.grants.append(policy)
