"""The AWS path: Helius → webhook → table and queue → worker → WebSocket clients."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.bearer_secret import BearerSecret
from components.function_role import FunctionRole
from components.lambda_function import LambdaFunction, LambdaFunctionArgs, LambdaPlatform
from components.price_store import PriceStore, PriceStoreArgs
from components.rest_api import RestApi, RestApiArgs, RestRoutes
from components.throttle import Throttle
from components.update_queue import UpdateQueue, UpdateQueueArgs
from components.websocket_api import WebSocketApi, WebSocketApiArgs
from components.websocket_stage import WebSocketStage, WebSocketStageArgs
from functions.glow import environment as env

# A healthy answer takes milliseconds (Helius hangs up after 1 s); what takes this long is stuck.
_REQUEST_TIMEOUT_SECONDS: Final = 10
# 100,000 connections at 4,000 posts a second, and a margin. Not more: the queue hides the updates
# of a worker that died for six times as long.
_WORKER_TIMEOUT_SECONDS: Final = 30
# Five posts to an edge that does not answer; a batch with a refused update may need as many.
_RETRY_TIMEOUT_SECONDS: Final = 30
_BROADCAST_TRIES: Final = 3
# Debts wait most of the time. Five workers settle those of 50 tokens in ten rounds of time-outs.
_RETRY_CONCURRENCY: Final = 5
_DAY_SECONDS: Final = 24 * 60 * 60


@dataclass(frozen=True, kw_only=True)
class FunctionArchives:
    """The code of each function, and the layer that those share which post."""

    webhook: pulumi.Archive
    broadcast: pulumi.Archive
    connections: pulumi.Archive
    prices: pulumi.Archive
    edge_retry: pulumi.Archive
    dependencies: pulumi.Archive


@dataclass(frozen=True, kw_only=True)
class EdgeTarget:
    """Where updates are posted to while the edge broadcasts them."""

    is_on: bool
    url: str | None
    secret: BearerSecret
    tries: int
    """How often an update is offered before it is a dead letter."""
    base_seconds: int
    """The wait after the first of them."""
    deployed: Sequence[pulumi.Resource] = ()
    """What expects the secret: it must do so before a function sends it."""


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
    archives: FunctionArchives
    webhook_secret: BearerSecret
    edge: EdgeTarget
    tokens: Sequence[str]
    price_retention_days: int
    call_timeout_ms: int
    allowed_origins: Sequence[str]
    cors_origins: Sequence[str]
    require_origin: bool
    throttles: Throttles
    broadcast_concurrency: int
    websocket_access_logs: bool


class AwsPipeline(pulumi.ComponentResource):
    """Tables, queues, APIs, and the functions between them.

    The edge retry lane is there whether or not the edge is: turning the flag makes and deletes
    nothing, and debts to an edge that is gone are counted before they are dropped.
    """

    store: PriceStore
    queue: UpdateQueue
    edge_retry_queue: UpdateQueue
    webhook: LambdaFunction
    broadcast: LambdaFunction
    connections: LambdaFunction
    prices: LambdaFunction
    edge_retry: LambdaFunction
    rest: RestApi
    websocket: WebSocketStage

    def __init__(
        self, name: str, args: AwsPipelineArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:Pipeline", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        self.store = self._price_store(args)
        self.queue = self._broadcast_queue(args)
        self.edge_retry_queue = self._edge_retry_queue(args)
        self._api = self._websocket_api(args)
        self._dependencies = self._dependency_layer(args)
        self.webhook = self._webhook(args)
        self.broadcast = self._broadcast(args)
        self.connections = self._connections(args)
        self.prices = self._prices(args)
        self.edge_retry = self._edge_retry(args)
        self.queue.feed(self.broadcast, maximum_concurrency=args.broadcast_concurrency)
        self.edge_retry_queue.feed(self.edge_retry, maximum_concurrency=_RETRY_CONCURRENCY)
        self.rest = self._rest_api(args)
        self.websocket = self._websocket_stage(args)
        self.register_outputs({"restUrl": self.rest.url, "webSocketUrl": self.websocket.url})

    def _price_store(self, args: AwsPipelineArgs) -> PriceStore:
        return PriceStore(
            f"{self._name}-store",
            PriceStoreArgs(prefix=args.prefix, protected=args.protected),
            self._child,
        )

    def _broadcast_queue(self, args: AwsPipelineArgs) -> UpdateQueue:
        return UpdateQueue(
            f"{self._name}-queue",
            UpdateQueueArgs(
                prefix=args.prefix,
                lane="Broadcast",
                carries="updates",
                tries=_BROADCAST_TRIES,
                worker_timeout_seconds=_WORKER_TIMEOUT_SECONDS,
            ),
            self._child,
        )

    def _edge_retry_queue(self, args: AwsPipelineArgs) -> UpdateQueue:
        return UpdateQueue(
            f"{self._name}-edge-retry-queue",
            UpdateQueueArgs(
                prefix=args.prefix,
                lane="EdgeRetry",
                carries="debts",
                tries=args.edge.tries,
                worker_timeout_seconds=_RETRY_TIMEOUT_SECONDS,
            ),
            self._child,
        )

    def _websocket_api(self, args: AwsPipelineArgs) -> WebSocketApi:
        return WebSocketApi(
            f"{self._name}-websocket", WebSocketApiArgs(prefix=args.prefix), self._child
        )

    def _dependency_layer(self, args: AwsPipelineArgs) -> aws.lambda_.LayerVersion:
        return aws.lambda_.LayerVersion(
            f"{self._name}-dependencies",
            layer_name=f"{args.prefix}-Dependencies",
            code=args.archives.dependencies,
            compatible_runtimes=[args.platform.runtime],
            compatible_architectures=[args.platform.architecture],
            opts=self._child,
        )

    def _webhook(self, args: AwsPipelineArgs) -> LambdaFunction:
        return self._function(
            "webhook",
            args,
            function_name="HeliusPriceWebhook",
            code=args.archives.webhook,
            layers=[self._dependencies.arn],
            after=args.edge.deployed,
            grants=[
                self.store.allow_append_prices,
                self.queue.allow_send,
                self.edge_retry_queue.allow_send,
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
                env.USE_EDGE_BROADCAST: _flag(is_on=args.edge.is_on),
                **_edge_environment(args.edge),
            },
        )

    def _broadcast(self, args: AwsPipelineArgs) -> LambdaFunction:
        return self._function(
            "broadcast",
            args,
            function_name="BroadcastWorker",
            code=args.archives.broadcast,
            layers=[self._dependencies.arn],
            timeout_seconds=_WORKER_TIMEOUT_SECONDS,
            grants=[
                self.queue.allow_receive,
                self.queue.allow_bury,
                self.store.allow_read_prices,
                self.store.allow_fan_out,
                self._api.allow_post,
                self._api.allow_disconnect,
            ],
            environment={
                env.PRICES_TABLE: self.store.prices.name,
                env.CONNECTIONS_TABLE: self.store.connections.name,
                env.BROADCAST_DEAD_LETTER_QUEUE_URL: self.queue.dead_letters.url,
                env.WEBSOCKET_CALLBACK_URL: self._api.callback_url,
            },
        )

    def _connections(self, args: AwsPipelineArgs) -> LambdaFunction:
        return self._function(
            "connections",
            args,
            function_name="PriceConnections",
            code=args.archives.connections,
            layers=[self._dependencies.arn],
            grants=[
                self.store.allow_subscribe,
                self.store.allow_read_prices,
                self._api.allow_post,
                self._api.allow_disconnect,
            ],
            environment={
                env.PRICES_TABLE: self.store.prices.name,
                env.CONNECTIONS_TABLE: self.store.connections.name,
                env.WEBSOCKET_CALLBACK_URL: self._api.callback_url,
                env.TOKENS: _listed(args.tokens),
                env.ALLOWED_ORIGINS: _listed(args.allowed_origins),
                env.REQUIRE_ORIGIN: _flag(is_on=args.require_origin),
            },
        )

    def _prices(self, args: AwsPipelineArgs) -> LambdaFunction:
        return self._function(
            "prices",
            args,
            function_name="PriceApi",
            code=args.archives.prices,
            grants=[self.store.allow_read_prices],
            environment={
                env.PRICES_TABLE: self.store.prices.name,
                env.PRICE_RETENTION_SECONDS: str(args.price_retention_days * _DAY_SECONDS),
                env.TOKENS: _listed(args.tokens),
            },
        )

    def _edge_retry(self, args: AwsPipelineArgs) -> LambdaFunction:
        lane = self.edge_retry_queue
        return self._function(
            "edge_retry",
            args,
            function_name="EdgeRetryWorker",
            code=args.archives.edge_retry,
            layers=[self._dependencies.arn],
            after=args.edge.deployed,
            timeout_seconds=_RETRY_TIMEOUT_SECONDS,
            grants=[lane.allow_receive, lane.allow_postpone, lane.allow_bury],
            environment={
                env.EDGE_RETRY_QUEUE_URL: lane.queue.url,
                env.EDGE_RETRY_DEAD_LETTER_QUEUE_URL: lane.dead_letters.url,
                env.EDGE_RETRY_TRIES: str(args.edge.tries),
                env.EDGE_RETRY_BASE_SECONDS: str(args.edge.base_seconds),
                **_edge_environment(args.edge),
            },
        )

    def _rest_api(self, args: AwsPipelineArgs) -> RestApi:
        return RestApi(
            f"{self._name}-rest",
            RestApiArgs(
                prefix=args.prefix,
                routes=[
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
                ],
                cors_origins=args.cors_origins,
                log_retention_days=args.platform.log_retention_days,
            ),
            self._child,
        )

    def _websocket_stage(self, args: AwsPipelineArgs) -> WebSocketStage:
        return WebSocketStage(
            f"{self._name}-websocket-stage",
            WebSocketStageArgs(
                prefix=args.prefix,
                api=self._api,
                function=self.connections,
                throttle=args.throttles.websocket,
                access_logs=args.websocket_access_logs,
                log_retention_days=args.platform.log_retention_days,
            ),
            self._child,
        )

    def _function(
        self,
        module: str,
        args: AwsPipelineArgs,
        *,
        function_name: str,
        code: pulumi.Archive,
        grants: Sequence[Callable[[FunctionRole], None]],
        environment: Mapping[str, pulumi.Input[str] | None],
        layers: Sequence[pulumi.Input[str]] = (),
        after: Sequence[pulumi.Resource] = (),
        timeout_seconds: int = _REQUEST_TIMEOUT_SECONDS,
    ) -> LambdaFunction:
        return LambdaFunction(
            f"{self._name}-{module.replace('_', '-')}",
            LambdaFunctionArgs(
                function_name=f"{args.prefix}-{function_name}",
                handler=f"functions.{module}.handler",
                code=code,
                layers=layers,
                after=after,
                platform=args.platform,
                timeout_seconds=timeout_seconds,
                environment=environment,
                grants=grants,
            ),
            self._child,
        )


def _edge_environment(edge: EdgeTarget) -> Mapping[str, pulumi.Input[str] | None]:
    return {
        env.EDGE_BROADCAST_URL: edge.url,
        env.EDGE_BROADCAST_SECRET: edge.secret.current,
        env.EDGE_BROADCAST_SECRET_PREVIOUS: edge.secret.previous,
    }


def _flag(*, is_on: bool) -> str:
    return "true" if is_on else "false"


def _listed(entries: Sequence[str]) -> str | None:
    return ",".join(entries) or None
