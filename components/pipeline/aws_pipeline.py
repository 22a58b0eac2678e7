"""The AWS path: Helius → webhook → table and queue → worker → WebSocket clients."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.encryption import EncryptionKeys
from components.aws.lambda_function import (
    FunctionCode,
    LambdaFunction,
    LambdaFunctionArgs,
    LambdaPlatform,
)
from components.aws.log_groups import LeftBehind
from components.aws.rest_api import RestApi
from components.aws.websocket_api import WebSocketApi
from components.aws.websocket_stage import WebSocketStage, WebSocketStageArgs
from components.edge.target import EdgeTarget
from components.pipeline.functions import (
    broadcast,
    candle_roller,
    candles,
    completion,
    connections,
    discovery,
    edge_retry,
    holes,
    later,
    prices,
    quotes,
    route_guard,
    route_mover,
    route_worker,
    webhook,
)
from components.pipeline.parts import PipelineParts
from components.pipeline.storage import Storage, StorageArgs, declare_storage
from components.routing.control import RouteControl, RouteControlArgs
from components.settings.groups import PipelineSettings
from functions import environment as env

# RouteControl owns the other two: route_mover and route_worker.
_FUNCTIONS: Final[Sequence[Callable[[PipelineParts], LambdaFunctionArgs]]] = (
    webhook.declare,
    broadcast.declare,
    later.declare,
    connections.declare,
    prices.declare,
    candles.declare,
    candle_roller.declare,
    edge_retry.declare,
    discovery.declare,
    quotes.declare,
)


@dataclass(frozen=True, kw_only=True)
class AwsPipelineArgs:
    prefix: str
    """Begins every physical name: `glow-<stack>`."""
    settings: PipelineSettings
    code: FunctionCode
    dependencies: pulumi.Archive
    """The layer with the packages that functions need to post."""
    rest: RestApi
    websocket: WebSocketApi
    edge: EdgeTarget
    left_behind: LeftBehind
    keys: EncryptionKeys
    """What encrypts queues and environments."""


class AwsPipeline(pulumi.ComponentResource):
    """Tables, queues, and the functions between them and both APIs."""

    storage: Storage
    functions: Mapping[str, LambdaFunction]
    """All of them, as alarms and operators call them."""
    websocket: WebSocketStage

    def __init__(
        self, name: str, args: AwsPipelineArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:Pipeline", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        self.storage = self._storage(args)
        parts = self._parts(args)
        declared = [declare(parts) for declare in self._declarations(args)]
        functions = {
            each.slug: LambdaFunction(each.resource_name, each, self._child) for each in declared
        }
        followers = [
            functions[each.slug] for each in declared if env.ROUTES_TABLE in each.environment
        ]
        control = self._route_control(parts, followers)
        self.functions = {**functions, **control.functions}
        args.rest.deploy()
        self.websocket = self._websocket_stage(args, functions["connections"])
        self.register_outputs({"webSocketUrl": self.websocket.url})

    def _declarations(
        self, args: AwsPipelineArgs
    ) -> Sequence[Callable[[PipelineParts], LambdaFunctionArgs]]:
        has_node = args.settings.completion.rpc_url is not None
        return [
            *_FUNCTIONS,
            *([completion.declare, holes.declare] if has_node else []),
            *([route_guard.declare] if args.settings.routing.is_guarded else []),
        ]

    def _storage(self, args: AwsPipelineArgs) -> Storage:
        return declare_storage(
            self._name,
            StorageArgs(
                prefix=args.prefix,
                protected=args.settings.protect,
                edge_retry_tries=args.settings.edge_retry.tries,
                key_arn=args.keys.current,
            ),
            self,
        )

    def _parts(self, args: AwsPipelineArgs) -> PipelineParts:
        return PipelineParts(
            platform=LambdaPlatform(
                name=self._name,
                prefix=args.prefix,
                settings=args.settings.runtime,
                code=args.code,
                dependencies_arn=self._dependency_layer(args).arn,
                left_behind=args.left_behind,
                keys=args.keys,
            ),
            settings=args.settings,
            storage=self.storage,
            rest=args.rest,
            websocket=args.websocket,
            edge=args.edge,
        )

    def _dependency_layer(self, args: AwsPipelineArgs) -> aws.lambda_.LayerVersion:
        return aws.lambda_.LayerVersion(
            f"{self._name}-dependencies",
            layer_name=f"{args.prefix}-Dependencies",
            code=args.dependencies,
            compatible_runtimes=[args.settings.runtime.runtime],
            compatible_architectures=[args.settings.runtime.architecture],
            opts=self._child,
        )

    def _route_control(
        self, parts: PipelineParts, followers: Sequence[pulumi.Resource]
    ) -> RouteControl:
        return RouteControl(
            f"{self._name}-route-control",
            RouteControlArgs(
                policy=parts.settings.routing.policy,
                mover=route_mover.declare(parts),
                worker=route_worker.declare(parts),
                followers=followers,
            ),
            self._child,
        )

    def _websocket_stage(self, args: AwsPipelineArgs, function: LambdaFunction) -> WebSocketStage:
        return WebSocketStage(
            f"{self._name}-websocket-stage",
            WebSocketStageArgs(
                prefix=args.prefix,
                api=args.websocket,
                function=function,
                throttle=args.settings.throttles.websocket,
                access_logs=args.settings.websocket_access_logs,
                log_retention_days=args.settings.runtime.log_retention_days,
            ),
            self._child,
        )
