"""Routing that changes while the stream goes on: who is told, when, and by which functions."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.fifo_queue import FifoQueue
from components.aws.function_family import FunctionFamily
from components.aws.function_role import FunctionRole
from components.aws.lambda_function import LambdaFunction
from components.aws.price_store import PriceStore
from components.aws.websocket_api import WebSocketApi
from components.edge.target import EdgeTarget
from components.routing.store import RouteStore
from functions import environment as env
from functions.glow.routing.policy import Policy

_Grant = Callable[[FunctionRole], None]

# 7 s until every publisher knows, then 100,000 connections at 4,000 posts a second, and a margin.
CHANGE_TIMEOUT_SECONDS: Final = 120


@dataclass(frozen=True, kw_only=True)
class RouteControlArgs:
    functions: FunctionFamily
    policy: Policy
    grace_seconds: int
    aws_connects_per_second: int
    tries: int
    """How often a task is tried before it is a dead letter."""
    prices: PriceStore
    routes: RouteStore
    queue: FifoQueue
    websocket: WebSocketApi
    edge: EdgeTarget
    followers: Sequence[pulumi.Resource]
    """The functions that follow the routes: a change is carried out by their new code."""


class RouteControl(pulumi.ComponentResource):
    """RouteMover, which each `pulumi up` calls that changes the routing, and RouteWorker, which does
    what is due later."""

    mover: LambdaFunction
    worker: LambdaFunction

    def __init__(
        self, name: str, args: RouteControlArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:RouteControl", name, None, opts)
        self._name = name
        self.mover = self._mover(args)
        self.worker = self._worker(args)
        args.queue.feed(self.worker, maximum_concurrency=2)
        self._call_mover(args)
        self.register_outputs({})

    def _mover(self, args: RouteControlArgs) -> LambdaFunction:
        return args.functions.declare(
            "route_mover",
            self,
            function_name="RouteMover",
            timeout_seconds=CHANGE_TIMEOUT_SECONDS,
            after=args.edge.deployed,
            grants=[
                *self._rights_of_both(args),
                args.queue.allow_send,
            ],
            environment=self._environment(args),
        )

    def _worker(self, args: RouteControlArgs) -> LambdaFunction:
        return args.functions.declare(
            "route_worker",
            self,
            function_name="RouteWorker",
            timeout_seconds=CHANGE_TIMEOUT_SECONDS,
            after=args.edge.deployed,
            grants=[
                *self._rights_of_both(args),
                args.prices.allow_unsubscribe,
                args.websocket.allow_disconnect,
                args.queue.allow_send,
                args.queue.allow_receive,
                args.queue.allow_postpone,
                args.queue.allow_bury,
            ],
            environment={
                **self._environment(args),
                env.ROUTE_DEAD_LETTER_QUEUE_URL: args.queue.dead_letters.url,
                env.ROUTE_QUEUE_TRIES: str(args.tries),
            },
        )

    def _rights_of_both(self, args: RouteControlArgs) -> list[_Grant]:
        return [
            args.routes.allow_follow,
            args.routes.allow_change,
            args.routes.allow_list_tokens,
            args.prices.allow_find_everybody,
            args.prices.allow_read_prices,
            args.websocket.allow_post,
        ]

    def _environment(self, args: RouteControlArgs) -> Mapping[str, pulumi.Input[str] | None]:
        return {
            env.ROUTES_TABLE: args.routes.table.name,
            env.CONNECTIONS_TABLE: args.prices.connections.name,
            env.PRICES_TABLE: args.prices.prices.name,
            env.ROUTE_QUEUE_URL: args.queue.queue.url,
            env.ROUTE_GRACE_SECONDS: str(args.grace_seconds),
            env.AWS_CONNECTS_PER_SECOND: str(args.aws_connects_per_second),
            env.WEBSOCKET_URL: args.websocket.url,
            env.WEBSOCKET_CALLBACK_URL: args.websocket.callback_url,
            **args.edge.environment,
        }

    def _call_mover(self, args: RouteControlArgs) -> aws.lambda_.Invocation:
        policy = args.policy.to_json()
        return aws.lambda_.Invocation(
            f"{self._name}-change",
            function_name=self.mover.function_name,
            input=json.dumps({"policy": policy}),
            triggers={"routing": hashlib.sha256(policy.encode()).hexdigest()},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.mover, *args.followers]),
        )
