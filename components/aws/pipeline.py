"""The AWS path: Helius → webhook → table and queue → worker → WebSocket clients."""

from collections.abc import Mapping
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.function_family import FunctionFamily
from components.aws.functions import AwsFunctions
from components.aws.lambda_function import LambdaFunction
from components.aws.pipeline_args import AwsPipelineArgs
from components.aws.rest_api import RestRoutes
from components.aws.storage import ROUTE_TRIES, AwsStorage, declare_storage
from components.aws.websocket_stage import WebSocketStage, WebSocketStageArgs
from components.routing.control import RouteControl, RouteControlArgs

# Debts wait most of the time. Five workers settle those of 50 tokens in ten rounds of time-outs.
_RETRY_CONCURRENCY: Final = 5


class AwsPipeline(pulumi.ComponentResource):
    """Tables, queues, and the functions between them and both APIs."""

    TYPE: Final = "glow:aws:Pipeline"
    """Its type's token, which begins the URNs of all that it owns."""

    storage: AwsStorage
    webhook: LambdaFunction
    broadcast: LambdaFunction
    connections: LambdaFunction
    prices: LambdaFunction
    edge_retry: LambdaFunction
    discovery: LambdaFunction
    route_control: RouteControl
    websocket: WebSocketStage

    def __init__(
        self, name: str, args: AwsPipelineArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(self.TYPE, name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        self.storage = declare_storage(name, args, self)
        self._family = self._function_family(args)
        functions = AwsFunctions(self._family, self.storage, args, self)
        self.webhook = functions.webhook()
        self.broadcast = functions.broadcast()
        self.connections = functions.connections()
        self.prices = functions.prices()
        self.edge_retry = functions.edge_retry()
        self.discovery = functions.discovery()
        self.route_control = self._route_control(args)
        self.storage.updates.feed(self.broadcast, maximum_concurrency=args.broadcast_concurrency)
        self.storage.debts.feed(self.edge_retry, maximum_concurrency=_RETRY_CONCURRENCY)
        self._serve_rest(args)
        self.websocket = self._websocket_stage(args)
        self.register_outputs({"webSocketUrl": self.websocket.url})

    @property
    def functions(self) -> Mapping[str, LambdaFunction]:
        """All of them, as alarms and operators call them."""
        return {
            "webhook": self.webhook,
            "broadcast": self.broadcast,
            "connections": self.connections,
            "prices": self.prices,
            "edge-retry": self.edge_retry,
            "discovery": self.discovery,
            "route-mover": self.route_control.mover,
            "route-worker": self.route_control.worker,
        }

    def _function_family(self, args: AwsPipelineArgs) -> FunctionFamily:
        return FunctionFamily(
            name=self._name,
            prefix=args.prefix,
            platform=args.platform,
            archives=args.archives,
            dependencies_arn=self._dependency_layer(args).arn,
        )

    def _dependency_layer(self, args: AwsPipelineArgs) -> aws.lambda_.LayerVersion:
        return aws.lambda_.LayerVersion(
            f"{self._name}-dependencies",
            layer_name=f"{args.prefix}-Dependencies",
            code=args.dependencies,
            compatible_runtimes=[args.platform.runtime],
            compatible_architectures=[args.platform.architecture],
            opts=self._child,
        )

    def _route_control(self, args: AwsPipelineArgs) -> RouteControl:
        return RouteControl(
            f"{self._name}-route-control",
            RouteControlArgs(
                functions=self._family,
                policy=args.policy,
                grace_seconds=args.route_grace_seconds,
                aws_connects_per_second=args.aws_connects_per_second,
                tries=ROUTE_TRIES,
                prices=self.storage.price_store,
                routes=self.storage.route_store,
                queue=self.storage.route_tasks,
                websocket=args.websocket,
                edge=args.edge,
                followers=[self.webhook, self.connections, self.discovery],
            ),
            self._child,
        )

    def _serve_rest(self, args: AwsPipelineArgs) -> None:
        args.rest.serve(
            [
                RestRoutes(
                    name="webhook",
                    function=self.webhook,
                    keys=["POST /webhook/price"],
                    throttle=args.throttles.webhook,
                ),
                RestRoutes(
                    name="prices",
                    function=self.prices,
                    keys=[
                        "GET /health/live",
                        "GET /tokens/{token}/price",
                        "GET /tokens/{token}/prices",
                    ],
                    throttle=args.throttles.rest,
                ),
                RestRoutes(
                    name="discovery",
                    function=self.discovery,
                    keys=["GET /connect/{token}"],
                    throttle=args.throttles.rest,
                ),
            ]
        )

    def _websocket_stage(self, args: AwsPipelineArgs) -> WebSocketStage:
        return WebSocketStage(
            f"{self._name}-websocket-stage",
            WebSocketStageArgs(
                prefix=args.prefix,
                api=args.websocket,
                function=self.connections,
                throttle=args.throttles.websocket,
                access_logs=args.websocket_access_logs,
                log_retention_days=args.platform.log_retention_days,
            ),
            self._child,
        )
