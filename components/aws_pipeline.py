"""The AWS path: Helius → webhook → table and queue → worker → WebSocket clients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.bearer_secret import BearerSecret
from components.edge_target import EdgeTarget
from components.fifo_queue import FifoQueue, FifoQueueArgs
from components.function_family import FunctionFamily
from components.lambda_function import LambdaFunction, LambdaPlatform
from components.price_store import PriceStore, PriceStoreArgs
from components.rest_api import RestApi, RestRoutes
from components.route_control import CHANGE_TIMEOUT_SECONDS, RouteControl, RouteControlArgs
from components.route_store import RouteStore, RouteStoreArgs
from components.throttle import Throttle
from components.websocket_api import WebSocketApi
from components.websocket_stage import WebSocketStage, WebSocketStageArgs
from functions.glow import environment as env
from functions.glow.routing import Policy

# 100,000 connections at 4,000 posts a second, and a margin. Not more: the queue hides the updates
# of a worker that died for six times as long.
_WORKER_TIMEOUT_SECONDS: Final = 30
# Five posts to an edge that does not answer; a batch with a refused update may need as many.
_RETRY_TIMEOUT_SECONDS: Final = 30
_BROADCAST_TRIES: Final = 3
# With delays that double up to 75 s: an edge that is away for 20 minutes is told in the end.
_ROUTE_TRIES: Final = 20
# Debts wait most of the time. Five workers settle those of 50 tokens in ten rounds of time-outs.
_RETRY_CONCURRENCY: Final = 5
_DAY_SECONDS: Final = 24 * 60 * 60


@dataclass(frozen=True, kw_only=True)
class Throttles:
    """How the account's quota is shared out: what these leave is the worker's to post with."""

    webhook: Throttle
    rest: Throttle
    websocket: Throttle


@dataclass(frozen=True, kw_only=True)
class AwsPipelineArgs:
    prefix: str
    """Begins every physical name: `glow-<stack>`."""
    protected: bool
    platform: LambdaPlatform
    archives: Mapping[str, pulumi.Archive]
    """The code of each function, by its module's name."""
    dependencies: pulumi.Archive
    """The layer that those share which post."""
    rest: RestApi
    websocket: WebSocketApi
    webhook_secret: BearerSecret
    edge: EdgeTarget
    edge_retry_tries: int
    """How often the edge is offered an update before that is a dead letter."""
    edge_retry_base_seconds: int
    """The wait after the first of them."""
    policy: Policy
    route_grace_seconds: int
    tokens: Sequence[str]
    price_retention_days: int
    call_timeout_ms: int
    allowed_origins: Sequence[str]
    require_origin: bool
    throttles: Throttles
    broadcast_concurrency: int
    websocket_access_logs: bool


class AwsPipeline(pulumi.ComponentResource):
    """Tables, queues, APIs, and the functions between them.

    The edge retry lane is there whether or not the edge is: turning the flag makes and deletes
    nothing, and debts to an edge that is gone are counted before they are dropped.
    """

    TYPE: Final = "glow:aws:Pipeline"
    """Its type's token, which begins the URNs of all that it owns."""

    store: PriceStore
    queue: FifoQueue
    edge_retry_queue: FifoQueue
    webhook: LambdaFunction
    broadcast: LambdaFunction
    connections: LambdaFunction
    prices: LambdaFunction
    edge_retry: LambdaFunction
    discovery: LambdaFunction
    routes: RouteStore
    route_queue: FifoQueue
    route_control: RouteControl
    websocket: WebSocketStage

    def __init__(
        self, name: str, args: AwsPipelineArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(self.TYPE, name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        self.store = self._price_store(args)
        self.queue = self._broadcast_queue(args)
        self.edge_retry_queue = self._edge_retry_queue(args)
        self.routes = self._route_store(args)
        self.route_queue = self._route_queue(args)
        self._functions = self._function_family(args)
        self.webhook = self._webhook(args)
        self.broadcast = self._broadcast(args)
        self.connections = self._connections(args)
        self.prices = self._prices(args)
        self.edge_retry = self._edge_retry(args)
        self.discovery = self._discovery(args)
        self.route_control = self._route_control(args)
        self.queue.feed(self.broadcast, maximum_concurrency=args.broadcast_concurrency)
        self.edge_retry_queue.feed(self.edge_retry, maximum_concurrency=_RETRY_CONCURRENCY)
        self._serve_rest(args)
        self.websocket = self._websocket_stage(args)
        self.register_outputs({"webSocketUrl": self.websocket.url})

    def _price_store(self, args: AwsPipelineArgs) -> PriceStore:
        return PriceStore(
            f"{self._name}-store",
            PriceStoreArgs(prefix=args.prefix, protected=args.protected),
            self._child,
        )

    def _broadcast_queue(self, args: AwsPipelineArgs) -> FifoQueue:
        return FifoQueue(
            f"{self._name}-queue",
            FifoQueueArgs(
                prefix=args.prefix,
                lane="Broadcast",
                carries="updates",
                tries=_BROADCAST_TRIES,
                worker_timeout_seconds=_WORKER_TIMEOUT_SECONDS,
            ),
            self._child,
        )

    def _edge_retry_queue(self, args: AwsPipelineArgs) -> FifoQueue:
        return FifoQueue(
            f"{self._name}-edge-retry-queue",
            FifoQueueArgs(
                prefix=args.prefix,
                lane="EdgeRetry",
                carries="debts",
                tries=args.edge_retry_tries,
                worker_timeout_seconds=_RETRY_TIMEOUT_SECONDS,
            ),
            self._child,
        )

    def _route_store(self, args: AwsPipelineArgs) -> RouteStore:
        return RouteStore(
            f"{self._name}-routing",
            RouteStoreArgs(prefix=args.prefix, protected=args.protected),
            self._child,
        )

    def _route_queue(self, args: AwsPipelineArgs) -> FifoQueue:
        return FifoQueue(
            f"{self._name}-route-queue",
            FifoQueueArgs(
                prefix=args.prefix,
                lane="Route",
                carries="route-tasks",
                tries=_ROUTE_TRIES,
                worker_timeout_seconds=CHANGE_TIMEOUT_SECONDS,
            ),
            self._child,
        )

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

    def _webhook(self, args: AwsPipelineArgs) -> LambdaFunction:
        return self._functions.declare(
            "webhook",
            self,
            function_name="HeliusPriceWebhook",
            after=args.edge.deployed,
            grants=[
                self.store.allow_append_prices,
                self.queue.allow_send,
                self.edge_retry_queue.allow_send,
                self.routes.allow_follow,
                self.routes.allow_note_tokens,
                self.routes.allow_change,
                self.route_queue.allow_send,
            ],
            environment={
                env.PRICES_TABLE: self.store.prices.name,
                env.PRICE_RETENTION_SECONDS: str(args.price_retention_days * _DAY_SECONDS),
                env.BROADCAST_QUEUE_URL: self.queue.queue.url,
                env.EDGE_RETRY_QUEUE_URL: self.edge_retry_queue.queue.url,
                env.CALL_TIMEOUT_MS: str(args.call_timeout_ms),
                env.TOKENS: _listed(args.tokens),
                env.HELIUS_WEBHOOK_SECRET: args.webhook_secret.current,
                env.HELIUS_WEBHOOK_SECRET_PREVIOUS: args.webhook_secret.previous,
                env.ROUTE_QUEUE_URL: self.route_queue.queue.url,
                **self._follow_routes(args),
                **args.edge.environment,
            },
        )

    def _broadcast(self, args: AwsPipelineArgs) -> LambdaFunction:
        return self._functions.declare(
            "broadcast",
            self,
            function_name="BroadcastWorker",
            timeout_seconds=_WORKER_TIMEOUT_SECONDS,
            grants=[
                self.queue.allow_receive,
                self.queue.allow_bury,
                self.store.allow_read_prices,
                self.store.allow_fan_out,
                args.websocket.allow_post,
                args.websocket.allow_disconnect,
            ],
            environment={
                env.PRICES_TABLE: self.store.prices.name,
                env.CONNECTIONS_TABLE: self.store.connections.name,
                env.BROADCAST_DEAD_LETTER_QUEUE_URL: self.queue.dead_letters.url,
                env.WEBSOCKET_CALLBACK_URL: args.websocket.callback_url,
            },
        )

    def _connections(self, args: AwsPipelineArgs) -> LambdaFunction:
        return self._functions.declare(
            "connections",
            self,
            function_name="PriceConnections",
            grants=[
                self.store.allow_subscribe,
                self.store.allow_read_prices,
                self.routes.allow_follow,
                args.websocket.allow_post,
                args.websocket.allow_disconnect,
            ],
            environment={
                env.PRICES_TABLE: self.store.prices.name,
                env.CONNECTIONS_TABLE: self.store.connections.name,
                env.WEBSOCKET_URL: args.websocket.url,
                env.WEBSOCKET_CALLBACK_URL: args.websocket.callback_url,
                env.EDGE_BROADCAST_URL: args.edge.url,
                **self._follow_routes(args),
                env.TOKENS: _listed(args.tokens),
                env.ALLOWED_ORIGINS: _listed(args.allowed_origins),
                env.REQUIRE_ORIGIN: _flag(is_on=args.require_origin),
            },
        )

    def _prices(self, args: AwsPipelineArgs) -> LambdaFunction:
        return self._functions.declare(
            "prices",
            self,
            function_name="PriceApi",
            has_dependencies=False,
            grants=[self.store.allow_read_prices],
            environment={
                env.PRICES_TABLE: self.store.prices.name,
                env.PRICE_RETENTION_SECONDS: str(args.price_retention_days * _DAY_SECONDS),
                env.TOKENS: _listed(args.tokens),
            },
        )

    def _edge_retry(self, args: AwsPipelineArgs) -> LambdaFunction:
        lane = self.edge_retry_queue
        return self._functions.declare(
            "edge_retry",
            self,
            function_name="EdgeRetryWorker",
            after=args.edge.deployed,
            timeout_seconds=_RETRY_TIMEOUT_SECONDS,
            grants=[lane.allow_receive, lane.allow_postpone, lane.allow_bury],
            environment={
                env.EDGE_RETRY_QUEUE_URL: lane.queue.url,
                env.EDGE_RETRY_DEAD_LETTER_QUEUE_URL: lane.dead_letters.url,
                env.EDGE_RETRY_TRIES: str(args.edge_retry_tries),
                env.EDGE_RETRY_BASE_SECONDS: str(args.edge_retry_base_seconds),
                **args.edge.environment,
            },
        )

    def _discovery(self, args: AwsPipelineArgs) -> LambdaFunction:
        return self._functions.declare(
            "discovery",
            self,
            function_name="Discovery",
            has_dependencies=False,
            grants=[self.routes.allow_follow, self.routes.allow_note_tokens],
            environment={
                env.WEBSOCKET_URL: args.websocket.url,
                env.EDGE_BROADCAST_URL: args.edge.url,
                env.TOKENS: _listed(args.tokens),
                **self._follow_routes(args),
            },
        )

    def _follow_routes(self, args: AwsPipelineArgs) -> Mapping[str, pulumi.Input[str] | None]:
        """Where the routing item is, and what counts while there is none."""
        return {
            env.ROUTES_TABLE: self.routes.table.name,
            env.ROUTING: args.policy.to_json(),
            env.USE_EDGE_BROADCAST: _flag(is_on=args.policy.edge_is_on),
        }

    def _route_control(self, args: AwsPipelineArgs) -> RouteControl:
        return RouteControl(
            f"{self._name}-route-control",
            RouteControlArgs(
                functions=self._functions,
                policy=args.policy,
                grace_seconds=args.route_grace_seconds,
                tries=_ROUTE_TRIES,
                prices=self.store,
                routes=self.routes,
                queue=self.route_queue,
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


def _flag(*, is_on: bool) -> str:
    return "true" if is_on else "false"


def _listed(entries: Sequence[str]) -> str | None:
    return ",".join(entries) or None
