"""Carries out a change of routing while the stream goes on."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.aws.lambda_function import LambdaFunction, LambdaFunctionArgs
from functions.glow.routing.policy import Policy


@dataclass(frozen=True, kw_only=True)
class RouteControlArgs:
    policy: Policy
    mover: LambdaFunctionArgs
    worker: LambdaFunctionArgs
    followers: Sequence[pulumi.Resource]
    """The functions that follow the routes. A change needs their new code in place."""


class RouteControl(pulumi.ComponentResource):
    """RouteMover, which each `pulumi up` calls that changes the routing, and RouteWorker, which carries
    the change out."""

    functions: Mapping[str, LambdaFunction]

    def __init__(
        self, name: str, args: RouteControlArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:RouteControl", name, None, opts)
        self._name = name
        mover, worker = self._function(args.mover), self._function(args.worker)
        self.functions = {each.slug: each for each in (mover, worker)}
        self._call(mover, args)
        self.register_outputs({})

    def _function(self, args: LambdaFunctionArgs) -> LambdaFunction:
        return LambdaFunction(args.resource_name, args, pulumi.ResourceOptions(parent=self))

    def _call(self, mover: LambdaFunction, args: RouteControlArgs) -> aws.lambda_.Invocation:
        policy = args.policy.to_json()
        return aws.lambda_.Invocation(
            f"{self._name}-change",
            function_name=mover.function_name,
            input=json.dumps({"policy": policy}),
            triggers={"routing": hashlib.sha256(policy.encode()).hexdigest()},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[mover, *args.followers]),
        )
